package web

import (
	"entente/record"
)

// Recipients of a part, from the narrowest: what a form offers. A part that is not to leave the party is no part: own notes are.
var audiences = []record.TLP{record.AmberStrict, record.Amber, record.Green, record.Clear}

// handled asks who may have what is written or attached, and the handling where the charter lists any.
func (r *request) handled(name, label string) []field {
	f := field{Name: name, Control: controlSelect, Label: label, Values: []string{usual}, Options: []option{{usual, r.t("audience.usual"), ""}}}
	for _, a := range audiences {
		f.Options = append(f.Options, option{Value: string(a), Text: r.t("audience." + string(a))})
	}
	out := []field{f}
	if len(r.group.Chart.Handling) > 0 {
		h := field{Name: name + ".handling", Control: controlSelect, Label: r.t("marking"), Optional: true, Options: []option{{Value: "", Text: "–"}}}
		for _, x := range r.group.Chart.Handling {
			h.Options = append(h.Options, option{Value: x, Text: x})
		}
		out = append(out, h)
	}
	return out
}

// ownToo offers the own party alone as well: the others then see that there is something, its name and its size.
func (r *request) ownToo(fields []field) []field {
	fields[0].Options = append([]option{{ownAudience, r.t("audience.own", "Party", r.group.PartyName(r.web.node.Party())), ""}}, fields[0].Options...)
	return fields
}

const ownAudience = "own"

// usual leaves the marking to the party's own default for the kind.
const usual = "usual"

// marking reads the answer to handled; nil: as the party usually marks it.
func (f *form) marking(name string) *record.Marking {
	m := &record.Marking{TLP: record.TLP(f.choice(name)), ReleasableTo: f.r.group.Chart.IDs()}
	if f.Has(name + ".handling") {
		m.Handling = f.choice(name + ".handling")
	}
	switch m.TLP {
	case usual:
		if m.Handling == "" {
			return nil
		}
		m.TLP = record.Amber
	case ownAudience:
		m.TLP, m.ReleasableTo = record.AmberStrict, nil
	case record.Clear:
		m.ReleasableTo = []record.Party{record.Public}
	}
	return m
}
