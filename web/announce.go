package web

import (
	"strings"

	"entente/node"
	"entente/record"
)

// heldRow is a passage of a draft that cannot be announced as things stand.
type heldRow struct {
	*node.Held
	Tag  string // language of the passage
	Why  string
	Href string // of the source, where the office may read it
}

// heldRows are the passages held of a draft that may be published one day; false: it never is.
func (w *Web) heldRows(r *request, d *node.Draft) ([]heldRow, bool, error) {
	k := w.node.Kinds()[d.Header.Kind]
	if k == nil || r.group.Own || d.Header.Verb != record.Propose && d.Header.Verb != record.Release || !k.Announces() {
		return nil, false, nil
	}
	held, err := w.node.HeldDraft(r.Context(), r.who, d)
	if err != nil {
		return nil, false, err
	}
	var out []heldRow
	for i := range held {
		x := heldRow{Held: &held[i]}
		if _, l, ok := strings.Cut(x.Part, "."); ok {
			x.Tag = tags[l]
		}
		var why []string
		for _, g := range x.Grounds {
			why = append(why, r.t("announce.ground."+string(g)))
		}
		x.Why = strings.Join(why, ", ")
		if s := x.Source; s != nil && s.Group == r.group.ID {
			x.Href = r.group.Href("i", s.Record.String())
		}
		out = append(out, x)
	}
	return out, true, nil
}
