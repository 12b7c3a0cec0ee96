// Where the tiles of a region's parts stand, by code: column and row. Equal squares that keep neighbours together; no
// boundary is drawn or meant. Places that are not here are packed in the order of their codes.
type Layout = Record<string, [column: number, row: number]>;

/** Four digits a place: two of its code below the parent, its column, its row. */
function read(parent: string, text: string): Layout {
  const layout: Layout = {};
  for (const cell of text.split(' ')) {
    const code = (parent + cell.slice(0, 2)).padEnd(6, '0');
    layout[code] = [Number(cell[2]), Number(cell[3])];
  }
  return layout;
}

const layouts: Record<string, Layout> = {
  '000000': read('', '2370 1541 2271 6502 6212 6422 1432 1342 1152 1262 2172 6313 6123 4133 3743 3253 3163 5404 5114 5024 4234 3444 3354 5315 5225 4335 3645 3555 7165 4526 4436 8246 8156 4637'),
  '320000': read('32', '0300 0720 1311 0821 0931 0112 1022 1232 0642 1123 0433 0243 0553'),
  '330000': read('33', '0510 0420 0111 0621 0231 0941 0802 0712 1032 1113 0323'),
  '370000': read('37', '1410 1620 0530 0650 1060 1501 0111 0321 0731 0241 0912 1322 1132 1703 0813 0423'),
  '420000': read('42', '0310 0620 1330 2801 0511 0821 0931 0141 1151 1022 9032 1242 0752 0262'),
  '440000': read('44', '1830 0240 1650 1460 1221 0631 0141 1351 5261 5171 5322 2032 1942 0352 1562 0572 0803 0913 1723 0733 0443'),
};

/** Column and row of each of `codes` below `parent`, both from 1; null where no layout is known. */
export function placesOf(parent: string, codes: string[]): Map<string, [number, number]> | null {
  const layout = layouts[parent];
  if (!layout) return null;
  const placed = new Map<string, [number, number]>();
  const columns = 1 + Math.max(...Object.values(layout).map(([column]) => column));
  let next = columns * (1 + Math.max(...Object.values(layout).map(([, row]) => row)));
  for (const code of codes) {
    const at = layout[code] ?? [next % columns, Math.floor(next++ / columns)];
    placed.set(code, [at[0] + 1, at[1] + 1]);
  }
  return placed;
}
