/** Has the browser save a file that was made here. */
export function saveFile(name: string, type: string, content: string): void {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = Object.assign(document.createElement('a'), { href: address, download: name });
  link.click();
  // The download has begun by the next turn.
  setTimeout(() => URL.revokeObjectURL(address));
}
