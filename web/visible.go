package web

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// visible shows what cannot be seen. Characters that turn the order of a text round, or that have no form of their own, let a text
// read otherwise than it is signed: each stands on the page by its number in Unicode, as [U+202E]. It is done to whole pages, so
// that no text from anywhere misses it; what pages say of their own has no such character.
func visible(page []byte) []byte {
	if bytes.IndexFunc(page, unseen) < 0 {
		return page
	}
	out := make([]byte, 0, len(page)+len(page)/8)
	for len(page) > 0 {
		c, n := utf8.DecodeRune(page)
		if unseen(c) {
			out = fmt.Appendf(out, "[%U]", c)
		} else {
			out = append(out, page[:n]...)
		}
		page = page[n:]
	}
	return out
}

// unseen: controls but for tab and line end, marks of format and direction, separators of lines, fillers and selectors of variants.
func unseen(c rune) bool {
	switch {
	case c == '\n' || c == '\t' || c == '\r':
		return false
	case c < utf8.RuneSelf:
		return c < ' ' || c == 0x7f
	}
	return unicode.In(c, unicode.Cf, unicode.Cc, unicode.Co, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
