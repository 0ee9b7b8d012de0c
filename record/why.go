package record

import (
	"fmt"
	"strings"
)

// Why is a sentence that says to people why something is not so. Programs decide by its code; pages hold a sentence for the
// code in every language and put the values into it; Text is the sentence in English, for logs and the command line.
// It is an error.
type Why struct {
	Code   string   `json:"code"`
	Values []string `json:"values,omitempty"`
	Text   string   `json:"text"`
}

func (w Why) Error() string { return w.Text }

// Because makes a Why from a format of package fmt, whose arguments are the values, without quotation marks.
func Because(code, format string, args ...any) Why {
	w := Why{Code: code, Text: fmt.Sprintf(format, args...)}
	for i, v := range strings.Split(format, "%")[1:] {
		if i < len(args) {
			end := strings.IndexFunc(v, func(c rune) bool { return c >= 'a' && c <= 'z' })
			w.Values = append(w.Values, fmt.Sprintf("%"+strings.Replace(v[:end+1], "q", "s", 1), args[i]))
		}
	}
	return w
}
