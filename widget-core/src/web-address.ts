/**
 * The address if it is an absolute http or https one, otherwise nothing: only such addresses become links. One that
 * carries a user name is refused as well, since it is made to look like another site's.
 */
export function webAddress(value: string): string | undefined {
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) return undefined;
  const url = new URL(value);
  return url.username || url.password ? undefined : url.href;
}
