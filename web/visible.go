package web

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"entente/record"
)

// visible shows what cannot be seen. Characters that turn the order of a text round, or that have no form of their own, let a text
// read otherwise than it is signed: each stands on the page by its number in Unicode, as [U+202E]. It is done to whole pages, so
// that no text from anywhere misses it; what pages say of their own has no such character.
func visible(page []byte) []byte {
	if bytes.IndexFunc(page, record.Unseen) < 0 {
		return page
	}
	out := make([]byte, 0, len(page)+len(page)/8)
	for len(page) > 0 {
		c, n := utf8.DecodeRune(page)
		if record.Unseen(c) {
			out = fmt.Appendf(out, "[%U]", c)
		} else {
			out = append(out, page[:n]...)
		}
		page = page[n:]
	}
	return out
}
