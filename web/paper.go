package web

import (
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"entente/node"
	"entente/record"
)

// papers reads uploaded files as annexes under one marking.
func (f *form) papers(name string, m *record.Marking) ([]node.NewPart, error) {
	files, err := f.uploads(name)
	if err != nil {
		return nil, err
	}
	var out []node.NewPart
	used, size := map[string]bool{}, 0
	for i, u := range files {
		size += len(u.Content)
		n := annexName(u.Name)
		if used[n] {
			n = strconv.Itoa(i+1) + "-" + n
		}
		used[n] = true
		out = append(out, node.NewPart{Name: "annex/" + n, Content: u.Content, Marking: m})
	}
	if size > maxPapers {
		f.wrong(name, "form.files-too-large", "Size", f.r.web.languages[f.r.lang].bytes(maxPapers))
	}
	return out, nil
}

// maxPapers is what the files of one act may have together: below the bound of the node, for the texts beside them.
const maxPapers = 20 << 20

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// annexName writes a file's name as records take it: small letters, digits and hyphens, with its ending.
func annexName(s string) string {
	s = strings.ToLower(plain(s))
	ext := path.Ext(s)
	base := strings.Trim(notInNames.ReplaceAllString(strings.TrimSuffix(s, ext), "-"), "-")
	ext = notInNames.ReplaceAllString(ext, "")
	const room = record.MaxName - len("annex/") - 10
	if len(base) > room {
		base = strings.Trim(base[:room], "-")
	}
	if base == "" {
		base = "file"
	}
	if ext == "" || len(ext) > 8 {
		return base
	}
	return base + "." + ext
}

// plain leaves the marks of letters out: número becomes numero.
func plain(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.Is(unicode.Mn, c) {
			return -1
		}
		return c
	}, norm.NFD.String(s))
}

// paper is a file on the agenda.
type paper struct {
	Name   string
	Href   string
	Length uint64
	TLP    record.TLP
}

// papersOf are the files of a record, named as they may be, whether or not they have arrived.
func papersOf(r *request, h *record.Header, id record.ID) []paper {
	var out []paper
	for _, p := range h.Parts {
		if n, ok := strings.CutPrefix(p.Name, "annex/"); ok {
			out = append(out, paper{Name: n, Href: r.group.Href("r", id.String(), p.Name), Length: p.Length, TLP: p.Marking.TLP})
		}
	}
	return out
}
