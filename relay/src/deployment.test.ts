import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { variables } from './config.ts';

const root = path.join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const dockerfile = read('Dockerfile').replace(/\\\n\s*/g, '');
const linesOf = (word: string) =>
  [...dockerfile.matchAll(new RegExp(`^${word} (.+)$`, 'gm'))].map(([, rest = '']) => rest);

describe('the Dockerfile', () => {
  const copied = linesOf('COPY').filter(line => !line.startsWith('--from'));
  const sources = copied.flatMap(line => line.split(' ').slice(0, -1));

  it('copies what is there, and nothing that .dockerignore leaves out', () => {
    const ignored = read('.dockerignore').split('\n');
    expect(ignored[0]).toBe('*');
    const allowed = ignored.flatMap(line => (line.startsWith('!') ? line.slice(1) : []));
    for (const source of sources) {
      expect(existsSync(path.join(root, source)), source).toBe(true);
      expect(
        allowed.some(each => source === each || source.startsWith(`${each}/`)),
        `${source} is not in .dockerignore's list`,
      ).toBe(true);
    }
    for (const secret of ['**/.env*', '**/.data', '**/node_modules']) expect(ignored).toContain(secret);
  });

  it('knows every workspace, without which npm ci refuses the lockfile', () => {
    const { packages } = JSON.parse(read('package-lock.json'));
    const workspaces = Object.keys(packages).filter(name => name !== '' && !name.includes('node_modules/'));
    expect(workspaces.length).toBeGreaterThan(4);
    for (const workspace of workspaces) expect(sources).toContain(`${workspace}/package.json`);
  });

  it('takes from other stages what these make', () => {
    const stages = linesOf('FROM').flatMap(line => / AS (\w+)$/.exec(line)?.[1] ?? []);
    for (const [, stage] of dockerfile.matchAll(/--from=(\w+)/g)) expect(stages).toContain(stage);
  });

  it('ends as an image that is nobody, says how it is, and hears SIGTERM', () => {
    const last = dockerfile.slice(dockerfile.lastIndexOf('AS relay'), dockerfile.indexOf('AS tools'));
    const only = (word: string) => [...last.matchAll(new RegExp(`^${word} (.+)$`, 'gm'))].map(([, rest = '']) => rest);
    expect(only('USER')).toEqual(['10001:10001']);
    expect(only('STOPSIGNAL')).toEqual(['SIGTERM']);
    expect(JSON.parse(only('CMD')[0] ?? '')).toEqual(['node', 'relay/src/main.ts']);
    expect(existsSync(path.join(root, 'relay/src/main.ts'))).toBe(true);
    const health = /^HEALTHCHECK .*? CMD (\[.+\])$/m.exec(last)?.[1] ?? '';
    expect(JSON.parse(health).slice(0, 2)).toEqual(['node', '-e']);
    expect(last).toContain('NODE_ENV=production');
    // After "tools", so that a build without a target is the relay.
    expect(dockerfile.trim().endsWith('FROM relay')).toBe(true);
  });
});

describe('compose.yaml, the units of systemd and their environment', () => {
  const compose = read('compose.yaml');
  const unit = read('relay/deploy/systemd/confab@.service');

  it('set only variables that the relay reads', () => {
    // What only the composition itself reads.
    const known = new Set([
      ...Object.keys(variables.shape),
      'CONFAB_HOST',
      'CONFAB_RELAYS',
      'CONFAB_VERSION',
      'POSTGRES_PASSWORD',
    ]);
    const used = [compose, unit, read('relay/deploy/env.example'), read('relay/deploy/caddy/Caddyfile')].flatMap(text =>
      [...text.matchAll(/\b(?:CONFAB|POSTGRES_PASSWORD|RESEND|OPENAI|ANTHROPIC)\w*/g)].map(([name]) => name),
    );
    expect(used.length).toBeGreaterThan(10);
    expect(used.filter(name => !known.has(name))).toEqual([]);
  });

  it('name files that are there', () => {
    for (const file of ['relay/deploy/caddy/Caddyfile', 'relay/deploy/env.example']) {
      expect(existsSync(path.join(root, file)), file).toBe(true);
    }
    expect(compose).toContain('./relay/deploy/caddy/Caddyfile:/etc/caddy/Caddyfile:ro');
    expect(read('.gitignore').split('\n')).toContain('relay/deploy/env');
  });

  it('publish the proxy’s ports only, and harden every container', () => {
    expect([...compose.matchAll(/^ {4}ports: (.+)$/gm)].map(([, ports]) => ports)).toEqual([
      '["80:80", "443:443", "443:443/udp"]',
    ]);
    expect(compose).toMatch(/^ {2}inside: \{ internal: true \}$/m);
    const services = compose.slice(compose.indexOf('\nservices:'), compose.indexOf('\nnetworks:'));
    const names = [...services.matchAll(/^ {2}([\w-]+):\n {4}<<: \*(hardened|relay)$/gm)].map(([, name]) => name);
    expect(names).toEqual(['proxy', 'relay-1', 'relay-2', 'postgres', 'tools']);
    for (const word of ['read_only: true', 'no-new-privileges:true', 'cap_drop: [ALL]'])
      expect(compose).toContain(word);
  });

  it('wait longer for a relay than it needs to stop', () => {
    const seconds = [/^ {2}stop_grace_period: (\d+)s/m.exec(compose)?.[1], /^TimeoutStopSec=(\d+)/m.exec(unit)?.[1]];
    for (const each of seconds) expect(Number(each)).toBeGreaterThan(15);
  });
});
