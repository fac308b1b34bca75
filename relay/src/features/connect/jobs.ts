/** Asks whether the plugin of a site answers where it says it is: `{ siteId }`. The site's platform does it. */
export const CONNECTION_CHECK = 'connect.check';
