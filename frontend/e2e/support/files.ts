/** A PNG of 8 × 8 pixels of one colour, as a file to be chosen. */
export const PHOTO = {
  name: "photo.png",
  mimeType: "image/png",
  buffer: Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAFElEQVR4nGPcEqXBgA0wYRUdtBIA91gBRncOBDMAAAAASUVORK5CYII=",
    "base64",
  ),
};

export function csv(text: string, name = "products.csv") {
  return { name, mimeType: "text/csv", buffer: Buffer.from(text) };
}
