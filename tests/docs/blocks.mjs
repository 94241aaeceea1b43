// Reads the fenced blocks and the directives of a page of the documentation.

/**
 * The names of directives. A directive is an HTML comment on a line of its own. It tells the test to do what the
 * sentence above it tells the reader to do.
 */
const DIRECTIVES = ["opens", "gives", "Ctrl-C"];

/**
 * Returns every fenced block and directive of a page, with its line, language (empty for a directive), attributes and
 * text. The attribute `run` has the value `true`, and `file=x` has the value `"x"`.
 */
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
      const [, name, rest] = /^<!-- (\S+)\s*(.*?) ?-->$/.exec(line) ?? [];
      if (!DIRECTIVES.includes(name)) throw new Error(`line ${index + 1}: unknown directive "${name}"; use ${DIRECTIVES.join(", ")}`);
      found.push({ line: index + 1, language: "", text: "", does: name, ...parseInfo(`${name} ${rest}`) });
    } else if (/^\s*(```|~~~)/.test(line)) {
      const [, info] = /^```(.*)$/.exec(line) ?? [];
      if (!info) throw new Error(`line ${index + 1}: a fenced block must begin at the start of a line, with three backticks and its language`);
      open = { line: index + 1, lines: [], ...parseInfo(info) };
    } else if (/^(\t| {4})\S/.test(line)) {
      throw new Error(`line ${index + 1}: an indented block has no attributes; use a fenced block`);
    }
  });
  if (open) throw new Error(`line ${open.line}: the fenced block is not closed`);
  return found;
}

function parseInfo(info) {
  const [language, ...rest] = info.match(/[^\s="]+(="[^"]*"|=\S+)?/g);
  const attributes = {};
  for (const each of rest) {
    const [, name, quoted, plain] = /^([^=]+)(?:="([^"]*)"|=(\S+))?$/.exec(each);
    attributes[name] = quoted ?? plain ?? true;
  }
  return { language, attributes };
}

/** Returns the steps of a page, in order. An expected output belongs to the step above it. */
export function steps(markdown) {
  const found = [];
  for (const block of blocks(markdown)) {
    const { language, attributes, line } = block;
    const last = found.at(-1);
    if (block.does) found.push(block);
    else if (language === "sh" && attributes.run) found.push({ ...block, does: "run" });
    else if (language === "sh" && attributes.start && attributes.until) found.push({ ...block, does: "start" });
    else if (attributes.file) found.push({ ...block, does: "write" });
    else if (language === "nginx" && attributes.proxies) found.push({ ...block, does: "proxy" });
    else if (language === "html" && (attributes.head || attributes.body) && attributes.shows) found.push({ ...block, does: "show" });
    else if (["text", "json"].includes(language) && last?.does === "run" && !last.expected) last.expected = block;
    else throw new Error(`line ${line}: the test can't use this block: no attribute says how to run it, and it can't be the output of the block above it`);
  }
  return found;
}
