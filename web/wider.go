package web

import (
	"errors"
	"slices"
	"strings"

	"entente/node"
)

// wider is what more than before will have by an act, in words.
type wider struct {
	Sections, To string
}

// widening is what an act hands on, with the box that its signer ticks.
type widening struct {
	Rows  []wider
	Error string // it was signed without
}

// widening says who gets more by drafts than before; nil: nobody.
func (w *Web) widening(r *request, ds ...*node.Draft) (*widening, error) {
	var out []wider
	for _, d := range ds {
		all, err := w.node.Widens(r.Context(), r.who, d)
		if err != nil {
			return nil, err
		}
		for _, x := range all {
			var sections, to []string
			for _, name := range x.Parts {
				if s := r.sectionWords(name); !slices.Contains(sections, s) {
					sections = append(sections, s)
				}
			}
			if x.Public {
				to = append(to, r.t("everybody"))
			}
			for _, p := range x.Parties {
				to = append(to, r.group.PartyName(p))
			}
			for _, p := range x.Whole {
				to = append(to, r.t("widen.whole", "Party", r.group.PartyName(p)))
			}
			for _, o := range x.Offices {
				to = append(to, w.namedOffice(r, r.group, o))
			}
			if row := (wider{strings.Join(sections, ", "), strings.Join(to, "; ")}); !slices.Contains(out, row) {
				out = append(out, row)
			}
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return &widening{Rows: out}, nil
}

// meansIt: the signer ticked that more shall have it.
func meansIt(r *request) bool { return r.PostFormValue("widening") == "yes" }

// unmeant reports whether a signature was refused for want of that, and says so at the box.
func (r *request) unmeant(x *widening, err error) bool {
	refusal := new(node.Refusal)
	if x == nil || !errors.As(err, &refusal) || len(refusal.Reasons) != 1 || refusal.Reasons[0].Code != node.ReasonWidens {
		return false
	}
	x.Error = r.t("widen.unconfirmed")
	return true
}
