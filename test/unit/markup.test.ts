/** Templates of HTML: what is put in is text, wherever it stands. */
import { expect, test } from 'vitest'
import { markup } from '../../src/renderers/markup.js'

test('text stays text, between tags and within an attribute', () => {
  const text = `"><script>alert('&')</script> onclick="x`
  expect(markup`<a title="${text}">${text}</a>`.text).toBe(
    '<a title="&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt; onclick=&quot;x">&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt; onclick=&quot;x</a>',
  )
  expect(markup`${'\u001B[31m\u202E\uD800'}`.text).toBe('␛[31m\\u{202e}\\u{d800}')
})

test('markup stays markup, one line each in a list; nothing is nothing', () => {
  const items = ['a', 'b & c'].map((text) => markup`<li>${text}</li>`)
  expect(markup`<ul>${items}</ul>${undefined}${3}`.text).toBe('<ul><li>a</li>\n<li>b &amp; c</li></ul>3')
})
