/** Text as it may stand in HTML, also in the value of an attribute in quotes. */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`);

/** A whole page of the relay's own, which no search engine lists; `body` and `style` are markup, `title` is text. */
export const htmlPage = ({
  lang,
  title,
  style,
  body,
}: {
  lang: string;
  title: string;
  style: string;
  body: string;
}): string => `<!doctype html>
<html lang="${escaped(lang)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escaped(title)} – Confab</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`;
