// Cells as text with tabs and lines, as spreadsheets put them on the clipboard and read them.

/** The cells of a text: what is in quotes may hold tabs, lines and, doubled, quotes. */
export function parseTsv(text) {
  const rows = [];
  let row = [];
  let cell = "";
  let quoted = false;
  const source = text.replace(/\r\n?/g, "\n");
  for (let at = 0; at < source.length; at += 1) {
    const char = source[at];
    if (quoted) {
      if (char !== '"') cell += char;
      else if (source[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else quoted = false;
    } else if (char === '"' && cell === "" && closes(source, at + 1)) quoted = true;
    else if (char === "\t") {
      row.push(cell);
      cell = "";
    } else if (char === "\n") {
      rows.push([...row, cell]);
      row = [];
      cell = "";
    } else cell += char;
  }
  // Spreadsheets end the last line, too.
  if (cell !== "" || row.length || !rows.length) rows.push([...row, cell]);
  return rows;
}

/** Whether a quote is one that encloses a cell: what begins as 5" wide is no such. */
function closes(source, from) {
  for (let at = from; at < source.length; at += 1) {
    if (source[at] !== '"') continue;
    if (source[at + 1] === '"') at += 1;
    else return at + 1 === source.length || "\t\n".includes(source[at + 1]);
  }
  return false;
}

const written = (text) => (/[\t\n"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

export const formatTsv = (rows) => rows.map((row) => row.map(written).join("\t")).join("\n");
