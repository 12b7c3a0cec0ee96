// Figures on the page as a CSV file like the server's lists: BOM, CRLF, no cell that a spreadsheet takes for a formula.
const cell = (value: string | number | null | undefined): string => {
  const text = value == null ? '' : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) && typeof value !== 'number' ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

export function saveText(name: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([`\uFEFF${text}`], { type: 'text/csv;charset=utf-8' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
export function saveCsv(name: string, rows: (string | number | null | undefined)[][]): void {
  saveText(name, rows.map((row) => `${row.map(cell).join(',')}\r\n`).join(''));
}

/** The rows of a CSV text, quoted cells and all; null when a quote is not closed. Each row with the line it begins at. */
export function readCsv(text: string): { line: number; cells: string[] }[] | null {
  const rows: { line: number; cells: string[] }[] = [];
  let line = 1;
  let at = 0;
  while (at < text.length) {
    const row = { line, cells: [] as string[] };
    for (;;) {
      let value = '';
      if (text[at] === '"') {
        for (at++; ; at++) {
          if (at >= text.length) return null;
          if (text[at] === '"' && text[at + 1] !== '"') break;
          if (text[at] === '"') at++;
          if (text[at] === '\n') line++;
          value += text[at];
        }
        at++;
      }
      for (; at < text.length && !/[,\r\n]/.test(text[at]!); at++) value += text[at];
      row.cells.push(value);
      if (text[at] !== ',') break;
      at++;
    }
    if (text[at] === '\r' && text[at + 1] === '\n') at++;
    at++;
    line++;
    if (row.cells.length > 1 || row.cells[0]) rows.push(row);
  }
  return rows;
}
