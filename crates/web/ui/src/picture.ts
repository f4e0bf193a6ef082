// Makes of any picture one that a profile may have: a small square of few bytes.

const SIDE = 192;
const BYTES_MAX = 32 << 10;

/** Returns null for a file that is no picture, or none that this browser can read. */
export async function asPicture(file: Blob): Promise<Blob | null> {
  let bitmap: ImageBitmap;
  try { bitmap = await createImageBitmap(file); } catch { return null; }
  const { width, height } = bitmap;
  const cut = Math.min(width, height);
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = Math.min(SIDE, cut);
  canvas.getContext('2d')?.drawImage(bitmap, (width - cut) / 2, (height - cut) / 2, cut, cut, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  // A browser that cannot write a format gives another one in its place.
  for (const type of ['image/webp', 'image/jpeg']) {
    for (const quality of [0.9, 0.7, 0.5, 0.3]) {
      const made = await new Promise<Blob | null>((resolve) => { canvas.toBlob(resolve, type, quality); });
      if (made?.type === type && made.size <= BYTES_MAX) return made;
    }
  }
  return null;
}
