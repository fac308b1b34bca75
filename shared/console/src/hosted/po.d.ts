declare module '*.po' {
  const catalogue: Record<string, string[]>;
  export default catalogue;
}
