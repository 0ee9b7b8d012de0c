package record

import (
	"unicode"
	"unicode/utf8"
)

// Unseen reports whether a character cannot be seen where a text is shown: controls but for tab and line end, marks of format and
// direction, separators of lines, fillers and selectors of variants. They let a text read otherwise than it is signed.
func Unseen(c rune) bool {
	switch {
	case c == '\n' || c == '\t' || c == '\r':
		return false
	case c < utf8.RuneSelf:
		return c < ' ' || c == 0x7f
	}
	return unicode.In(c, unicode.Cf, unicode.Cc, unicode.Co, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
