/** A style sheet arrives as its minified text, for `CSSStyleSheet.replaceSync`. */
declare module '*.css' {
  const css: string;
  export default css;
}
