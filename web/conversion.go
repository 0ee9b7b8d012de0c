package web

import (
	"slices"

	"entente"
	"entente/progress"
	"entente/record"
)

// conversionFields ask for one declared conversion of each side; the command line takes more.
func (r *request) conversionFields(own record.Party) []field {
	var out []field
	offered := []option{{"", r.t("choose.none"), ""}}
	for _, u := range progress.Units() {
		offered = append(offered, option{Value: u, Text: r.unit(u)})
	}
	offered = append(offered, option{Value: otherChoice, Text: r.t("define.other")})
	for _, p := range readerParty(own, r.group.Chart.IDs()) {
		name := r.group.PartyName(p)
		n := "conversion-" + string(p)
		out = append(out, field{Name: n, Control: controlSelect, Label: r.t("define.conversion-from", "Party", name), Options: offered, Optional: true},
			field{Name: n + "-other", Control: controlInput, Label: r.t("define.unit-other"), Width: 10, Optional: true},
			field{Name: n + "-factor", Control: controlInput, Label: r.t("define.conversion-factor", "Party", name), Hint: r.t("define.conversion-factor-hint"), Width: 20, Optional: true})
		for _, l := range readerFirst(r.lang, r.group.Chart.Languages) {
			out = append(out, field{Name: n + "-ground." + l, Control: controlInput, Label: r.t("define.conversion-ground", "Party", name, "Language", r.t("in-language."+l)), Lang: tags[l], Optional: true})
		}
	}
	return out
}

func (r *request) conversionNames(own record.Party) []string {
	var out []string
	for _, f := range r.conversionFields(own) {
		out = append(out, f.Name)
	}
	return out
}

// beginConversions fills in the first conversion of each side.
func (f *form) beginConversions(t *entente.Indicator) {
	begun := map[record.Party]bool{}
	for _, x := range t.Conversion {
		if begun[x.Party] {
			continue
		}
		begun[x.Party] = true
		n := "conversion-" + string(x.Party)
		if f.set(n, x.From); !slices.Contains(progress.Units(), x.From) {
			f.set(n, otherChoice)
			f.set(n+"-other", x.From)
		}
		f.set(n+"-factor", x.Factor)
		for l, s := range x.Ground {
			f.set(n+"-ground."+l, s)
		}
	}
}

// conversions reads what each side's figures are multiplied by; of a side all of it is given, or nothing.
func (f *form) conversions(unit string) []entente.Conversion {
	var out []entente.Conversion
	for _, p := range f.r.group.Chart.IDs() {
		n := "conversion-" + string(p)
		x := entente.Conversion{Party: p, From: f.either(n), Factor: f.text(n + "-factor"), Ground: map[string]string{}}
		for _, l := range f.r.group.Chart.Languages {
			if s := f.text(n + "-ground." + l); s != "" {
				x.Ground[l] = s
			}
		}
		if x.From == "" {
			if x.Factor != "" || len(x.Ground) > 0 {
				f.wrong(n, "form.required")
			}
			continue
		}
		if progress.Factor(x.From, unit) != nil {
			f.wrong(n, "define.conversion-exact")
		}
		if _, ok := progress.ParseFactor(x.Factor); !ok || len(x.Factor) > entente.MaxFactor {
			f.wrong(n+"-factor", "define.conversion-form")
		}
		for _, l := range f.r.group.Chart.Languages {
			if s := x.Ground[l]; s == "" {
				f.wrong(n+"-ground."+l, "form.required")
			} else if len(s) > entente.MaxGround {
				f.wrong(n+"-ground."+l, "form.too-long")
			}
		}
		out = append(out, x)
	}
	return out
}
