import { parseArgs } from 'node:util';
import { invitationRequest, locale } from '@confab/contract';
import { type Command, UsageError } from './command.ts';

/** Accounts that are read at once. */
const PAGE = 200;

export const accountsInvite: Command = {
  usage: 'accounts invite EMAIL [--locale TAG]',
  help: `Invites somebody to this relay, with an account of their own: mails them a link, and prints it. Only this address can
accept it, once and within a week. For relays where nobody signs up without an invitation.

  --locale TAG  the language of the mail, such as de`,
  examples: ['accounts invite ann@shop.example', 'accounts invite ann@shop.example --locale de'],
  needs: 'relay',

  async run(args, io, open) {
    const { values, positionals } = parseArgs({
      args,
      options: { locale: { type: 'string' } },
      allowPositionals: true,
    });
    const [given = ''] = positionals;
    const request = invitationRequest.safeParse({ email: given, role: 'owner', siteIds: null });
    if (positionals.length !== 1 || !request.success) {
      throw new UsageError('Name the one e-mail address that is invited, such as ann@shop.example.');
    }
    if (values.locale !== undefined && !locale.safeParse(values.locale).success) {
      throw new UsageError('--locale is not a language tag such as de or pt-BR.');
    }
    const { relayOrigin, jobs, teams } = await open();
    const origin = relayOrigin();
    if (!origin) throw new UsageError('Set CONFAB_PUBLIC_URL: without it nobody knows here where the link leads.');
    await jobs.open();
    const { token, expiresAt } = await teams.inviteToRelay(request.data.email, values.locale ?? 'en');
    await io.out(`${origin}/console/invitation?token=${token}\n`);
    io.err(`The link is mailed, too. It is good for ${request.data.email} until ${expiresAt.toISOString()}.\n`);
    return 0;
  },
};

export const accountsList: Command = {
  usage: 'accounts list',
  help: 'Prints every account, newest first: its id, since when, how many members and sites it has, when it is deleted, its name.',
  examples: ['accounts list'],
  needs: 'relay',

  async run(args, io, open, signal) {
    parseArgs({ args });
    const { teams } = await open();
    await io.out(lineOf(['account', 'created', 'members', 'sites', 'deleted on', 'name']));
    let cursor: string | undefined;
    do {
      const { page, nextCursor } = await teams.accounts({ cursor, limit: PAGE });
      const lines = page.map(({ id, createdAt, members, sites, deleteAt, name }) =>
        lineOf([
          id,
          dayOf(createdAt),
          String(members),
          String(sites),
          deleteAt ? dayOf(deleteAt) : '-',
          printable(name),
        ]),
      );
      await io.out(lines.join(''));
      cursor = nextCursor ?? undefined;
    } while (cursor !== undefined && !signal.aborted);
    return signal.aborted ? 1 : 0;
  },
};

const WIDTHS = [36, 10, 7, 7, 10, 0];

const lineOf = (cells: string[]): string => `${cells.map((cell, at) => cell.padEnd(WIDTHS[at] ?? 0)).join('  ')}\n`;

/** A name stands on one line, and does nothing to a terminal. */
const printable = (name: string): string => name.replace(/[\p{C}\p{Z}]+/gu, ' ');

const dayOf = (time: Date): string => time.toISOString().slice(0, 10);
