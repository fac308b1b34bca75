import { Session, type SessionParams } from '@shopify/shopify-api';
import type { Tx } from '../../db/database.ts';
import type { Keyring } from '../../lib/keyring.ts';
import { shopDomainOf } from './shop-domain.ts';

type Deps = { db: Tx; keyring: Pick<Keyring, 'encrypt' | 'decrypt'> };

/** Data minimisation: sessions of staff members are not kept, since nothing here needs to know who they are. */
export const sessionIdOf = (domain: string): string => `offline_${domain}`;

export type SessionStorage = ReturnType<typeof sessionStorage>;

/**
 * What Shopify's libraries call a session storage: the one offline session of each shop, its tokens and its scopes in
 * one write, encrypted, in the shop's own row.
 */
export const sessionStorage = ({ db, keyring }: Deps) => {
  const storage = {
    /** False, and nothing is kept, where it is the session of a staff member, or of a shop that is not known. */
    async storeSession(session: Session): Promise<boolean> {
      const domain = domainOf(session.id);
      if (session.isOnline || domain === undefined || domain !== session.shop) return false;
      const row = await db.shopifyShop.findUnique({ where: { domain }, select: { siteId: true } });
      if (!row) return false;
      const sealed = keyring.encrypt(JSON.stringify(session.toObject()), contextOf(row.siteId));
      const scopes = session.scope?.split(',').filter(Boolean) ?? [];
      const { count } = await db.shopifyShop.updateMany({ where: { siteId: row.siteId }, data: { ...sealed, scopes } });
      return count > 0;
    },

    async loadSession(id: string): Promise<Session | undefined> {
      const domain = domainOf(id);
      if (domain === undefined) return undefined;
      const row = await db.shopifyShop.findUnique({
        where: { domain },
        select: { siteId: true, keyId: true, ciphertext: true },
      });
      if (!row?.keyId || !row.ciphertext) return undefined;
      const { keyId, ciphertext } = row;
      return sessionOf(JSON.parse(keyring.decrypt({ keyId, ciphertext }, contextOf(row.siteId))));
    },

    async deleteSession(id: string): Promise<boolean> {
      return storage.deleteSessions([id]);
    },

    async deleteSessions(ids: string[]): Promise<boolean> {
      const domains = ids.map(domainOf).filter(domain => domain !== undefined);
      await db.shopifyShop.updateMany({ where: { domain: { in: domains } }, data: { keyId: null, ciphertext: null } });
      return true;
    },

    async findSessionsByShop(domain: string): Promise<Session[]> {
      const session = await storage.loadSession(sessionIdOf(domain));
      return session ? [session] : [];
    },
  };
  return storage;
};

const contextOf = (siteId: string): string => `${siteId}:shopify`;

const domainOf = (sessionId: string): string | undefined => shopDomainOf(/^offline_(.+)$/.exec(sessionId)?.[1]);

function sessionOf(kept: SessionParams): Session {
  const { expires, refreshTokenExpires } = kept;
  return new Session({
    ...kept,
    ...(expires && { expires: new Date(expires) }),
    ...(refreshTokenExpires && { refreshTokenExpires: new Date(refreshTokenExpires) }),
  });
}
