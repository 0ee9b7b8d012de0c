package web

import (
	"fmt"
	"slices"

	"entente"
	"entente/node"
	"entente/record"
)

// checklistBody holds the objectives of each line of effort against the checklist, the gaps with the way to fill them.
type checklistBody struct {
	Line  string
	Lines []checkedLine
}

type checkedLine struct {
	Code       string
	Href       string
	Met, Of    int
	Objectives []checkedObjective
}

type checkedObjective struct {
	Name name
	Href string
	Key  string // outcome or objective
	Met  int
	Of   int
	Gaps []gapLine
}

// gapLine is one line that is not met, with what lacks it.
type gapLine struct {
	Key    string
	Places []gapPlace
}

type gapPlace struct {
	Name name
	Href string // of the form that fills it
}

// checklist shows what the objectives lack. What an office that signs nothing may not fill it may see all the same.
func (w *Web) checklist(r *request) (answer, error) {
	line := r.PathValue("line")
	if line != "" && !r.group.Chart.HasLine(line) {
		return nil, fmt.Errorf("line: %w", node.ErrNotFound)
	}
	all, err := w.node.Checklist(r.Context(), r.who, r.group.ID, line)
	if err != nil {
		return nil, err
	}
	var wants []node.Want
	states := map[record.ID]*entente.State{}
	for _, o := range all {
		for _, s := range append(append([]*entente.State{o.State}, o.Indicators...), o.Findings...) {
			if states[s.Instrument] == nil {
				states[s.Instrument] = s
				wants = append(wants, node.Want{Group: r.group.ID, Record: titled(s), Names: []string{"title.*"}})
			}
		}
	}
	texts, err := w.read(r, wants)
	if err != nil {
		return nil, err
	}
	b := checklistBody{Line: line}
	for _, code := range lineCodes(r.group) {
		if line != "" && code != line {
			continue
		}
		l := checkedLine{Code: code, Href: r.group.Href("checklist", code)}
		for _, o := range all {
			if o.Line != code {
				continue
			}
			x := checkedObjective{Name: texts.name(r, r.group, o.State), Href: r.group.Href("i", o.Objective.String()), Key: "level." + o.State.Fact("level"), Of: len(o.Checks)}
			for _, c := range o.Checks {
				if c.Met {
					x.Met++
					continue
				}
				g := gapLine{Key: "practice." + c.Practice}
				for _, id := range c.Lacks {
					g.Places = append(g.Places, gapPlace{texts.name(r, r.group, states[id]), w.fills(r, c.Practice, o.State, states[id])})
				}
				x.Gaps = append(x.Gaps, g)
			}
			l.Met, l.Of = l.Met+x.Met, l.Of+x.Of
			l.Objectives = append(l.Objectives, x)
		}
		b.Lines = append(b.Lines, l)
	}
	p := page{name: "checklist", title: r.t("checklist.title"), nav: indicatorKind, body: b}
	if line != "" {
		p.title += " – " + r.group.LineName(line)
	}
	return p, nil
}

// practiceIndicator is the practice of having one, as the checklist names it; no kind is meant.
const practiceIndicator = "indicator"

// fills is where a gap is filled: the form for a new version of what lacks it, for an indicator of the objective, or for what became
// of a recommendation. While a new version is open the form is not offered, and the text is where to go.
func (w *Web) fills(r *request, practice string, objective, s *entente.State) string {
	v := s.InForce()
	switch {
	case practice == practiceIndicator:
		return r.group.Href("indicators", "new") + "?objective=" + objective.Instrument.String() + "&line=" + objective.Line
	case practice == "follow-up" && s.Fact("to."+string(w.node.Party())) != "" && s.Became(w.node.Party()) == "":
		return r.group.Href("findings", s.Instrument.String(), "became")
	case v == nil || s.At(w.node.Now()).Phase != entente.PhaseInForce || !slices.Contains(v.Required, w.node.Party()):
		return r.group.Href("i", s.Instrument.String())
	case s.Instrument == objective.Instrument:
		return r.group.Href("objectives", "new") + "?amend=" + v.ID.String()
	}
	return r.group.Href("indicators", "new") + "?amend=" + v.ID.String()
}
