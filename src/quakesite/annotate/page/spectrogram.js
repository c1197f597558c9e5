// A spectrogram's bytes as a picture.

const LOWEST_SHOWN = 40; // quieter than this stays white, so that the eye goes to the arrival

/** Returns {url, start, step, columns, rows, top} from the server's bytes (lowest frequency first) and headers. */
export function spectrogramImage(bytes, headers) {
  const [rows, start, step, top] = ["Rows", "Start", "Step", "Top"].map((name) => Number(headers.get(`X-${name}`)));
  const columns = bytes.length / rows;
  const canvas = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
  const context = canvas.getContext("2d");
  const picture = context.createImageData(columns, rows);
  const palette = colours();
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const colour = palette[bytes[(rows - 1 - row) * columns + column]];
      picture.data.set(colour, 4 * (row * columns + column));
    }
  }
  context.putImageData(picture, 0, 0);
  return { url: canvas.toDataURL(), start, step, columns, rows, top };
}

/** Returns 256 colours from white over green to dark blue, as [r, g, b, a]. */
function colours() {
  const stops = [0xffffffff, ...Bokeh.Palettes.GnBu9.slice(0, 8).reverse()].map((value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255]);
  return Array.from({ length: 256 }, (_, value) => {
    const place = (Math.max(value - LOWEST_SHOWN, 0) / (255 - LOWEST_SHOWN)) * (stops.length - 1);
    const [low, share] = [Math.min(Math.floor(place), stops.length - 2), place - Math.min(Math.floor(place), stops.length - 2)];
    return [...stops[low].map((from, channel) => from + share * (stops[low + 1][channel] - from)), 255];
  });
}
