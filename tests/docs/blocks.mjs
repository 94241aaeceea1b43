// Reads the fenced blocks of a page.

/** What a comment of its own line tells the test to do as the sentence above it tells the reader. */
const DIRECTIVES = ["opens", "gives", "Ctrl-C"];

/** Every fenced block: where it starts, its language, its attributes (`run` is `true`, `file=x` is `"x"`), its text. */
export function blocks(markdown) {
  const found = [];
  let open = null;
  markdown.split("\n").forEach((line, index) => {
    if (open) {
      if (line.trimEnd() === "```") {
        found.push({ ...open, text: open.lines.map((each) => each + "\n").join("") });
        open = null;
      } else {
        open.lines.push(line);
      }
    } else if (/^<!-- /.test(line)) {
      const [, word, rest] = /^<!-- (\S+)\s*(.*?) ?-->$/.exec(line) ?? [];
      if (!DIRECTIVES.includes(word)) throw new Error(`line ${index + 1}: the test knows no ${word}`);
      found.push({ line: index + 1, language: "", text: "", does: word, ...attributes(`${word} ${rest}`) });
    } else if (/^\s*(```|~~~)/.test(line)) {
      const [, info] = /^```(.*)$/.exec(line) ?? [];
      if (!info) throw new Error(`line ${index + 1}: a fenced block starts at the margin, with its language`);
      open = { line: index + 1, lines: [], ...attributes(info) };
    } else if (/^(\t| {4})\S/.test(line)) {
      throw new Error(`line ${index + 1}: an indented block can't say whether it runs; fence it`);
    }
  });
  if (open) throw new Error(`line ${open.line}: the block has no end`);
  return found;
}

function attributes(info) {
  const [language, ...rest] = info.match(/[^\s="]+(="[^"]*"|=\S+)?/g);
  const says = {};
  for (const each of rest) {
    const [, name, quoted, plain] = /^([^=]+)(?:="([^"]*)"|=(\S+))?$/.exec(each);
    says[name] = quoted ?? plain ?? true;
  }
  return { language, says };
}

/** What is to be done with the blocks, in order; an expectation goes with the block above it. */
export function steps(markdown) {
  const found = [];
  for (const block of blocks(markdown)) {
    const { language, says, line } = block;
    const last = found.at(-1);
    if (block.does) found.push(block);
    else if (language === "sh" && says.run) found.push({ ...block, does: "run" });
    else if (language === "sh" && says.start && says.until) found.push({ ...block, does: "start" });
    else if (says.file) found.push({ ...block, does: "write" });
    else if (language === "nginx" && says.proxies) found.push({ ...block, does: "proxy" });
    else if (language === "html" && (says.head || says.body) && says.shows) found.push({ ...block, does: "show" });
    else if (["text", "json"].includes(language) && last?.does === "run" && !last.expected) last.expected = block;
    else throw new Error(`line ${line}: nobody runs this block, and it follows none that runs`);
  }
  return found;
}
