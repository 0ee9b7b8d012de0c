package sheet

import (
	"slices"
	"strings"
)

// DefaultMissing is how agencies of both countries write that there is no figure. Case does not matter; an empty cell is always
// missing. A missing figure is not zero, and a zero is not missing. Texts are never missing: "NA" is a name too.
var DefaultMissing = []string{"n/d", "n.d.", "nd", "n/a", "n.a.", "na", "#n/a", "s/d", "-", "--", "–", "—", "...", "…", "no disponible", "not available"}

func isMissing(text string, marks []string) bool {
	text = strings.TrimSpace(text)
	return text == "" || slices.ContainsFunc(marks, func(m string) bool { return strings.EqualFold(m, text) })
}
