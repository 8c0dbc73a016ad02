/** Owns handing a text to the person as a file of the browser's downloads. */

/** How long the browser may take to start reading: revoked at once, the download of a slow disk comes out empty. */
const READABLE_MS = 60_000;

export function saveFile(fileName: string, text: string, mimeType: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: mimeType }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  // It owns nothing but the memory of one small file, which the page's end frees as well.
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, READABLE_MS);
}
