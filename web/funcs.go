package web

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"entente"
	"entente/record"
)

// funcs are what templates may call, in one language.
func (l *language) funcs(w *Web) template.FuncMap {
	return template.FuncMap{
		"t":        l.t,
		"why":      l.why,
		"num":      l.number,
		"day":      l.day,
		"moment":   l.moment,
		"lastday":  func(end int64) string { return l.day(end - 1) }, // of a half-open period
		"deadline": func(sec int64) string { return l.dayIn(sec, time.UTC) },
		"late":     func(sec int64) string { return l.late(sec, w.node.Now()) },
		"since":    func(sec int64) string { return l.since(sec, w.node.Now()) },
		"count":    l.count,
		"bytes":    l.bytes,
		"party":    func(g *group, p record.Party) string { return g.PartyName(p) },
		"asset":    func(name string) string { return w.assets.url[name] },
		"lines":    func(s string) []string { return strings.Split(s, "\n\n") },
		"phase":    func(v entente.View) phaseTag { return phaseOf(v) },
		"digest":   l.digestWords,
		"map":      pairs,
		"list":     func(x ...any) []any { return x },
		"own":      func() record.Party { return w.node.Party() },
	}
}

// why is the sentence of a code with its values, empty where a reason has none.
func (l *language) why(code string, values []string) string {
	if code == "" {
		return ""
	}
	var args []any
	for i, v := range values {
		args = append(args, string(rune('A'+i)), v)
	}
	return l.t("why."+code, args...)
}

// pairs makes a map for a shared template: names and values in turn.
func pairs(args ...any) (map[string]any, error) {
	if len(args)%2 != 0 {
		return nil, fmt.Errorf("map: want names and values in turn")
	}
	m := map[string]any{}
	for i := 0; i < len(args); i += 2 {
		name, ok := args[i].(string)
		if !ok {
			return nil, fmt.Errorf("map: %v is no name", args[i])
		}
		m[name] = args[i+1]
	}
	return m, nil
}

// phaseTag is an instrument's standing as pages show it: a message key and a colour of GOV.UK's tags.
type phaseTag struct{ Key, Colour string }

var phaseColours = map[entente.Phase]string{
	entente.PhaseProposed: "yellow", entente.PhaseWithdrawn: "grey", entente.PhaseLapsed: "grey", entente.PhaseInForce: "green",
	entente.PhaseStopped: "red", entente.PhaseAgreed: "yellow", entente.PhaseEnded: "grey", entente.PhaseRecorded: "blue", entente.PhaseRejected: "red",
}

// phaseOf chooses the one word that tells most: what is late comes before what is agreed.
func phaseOf(v entente.View) phaseTag {
	switch {
	case v.Overdue:
		return phaseTag{"phase.overdue", "red"}
	case v.Phase == entente.PhaseInForce && v.Leaving:
		return phaseTag{"phase.leaving", "orange"}
	case v.Phase == entente.PhaseInForce && v.Verified:
		return phaseTag{"phase.verified", "turquoise"}
	case v.Phase == entente.PhaseInForce && v.Done:
		return phaseTag{"phase.done", "turquoise"}
	}
	return phaseTag{"phase." + string(v.Phase), phaseColours[v.Phase]}
}

// digestWords shows a digest so that two people can compare it by voice: eight groups of four digits, of the first 128 bits.
func (l *language) digestWords(id record.ID) string {
	s := make([]string, 8)
	for i := range s {
		s[i] = fmt.Sprintf("%05d", uint32(id[2*i])<<8|uint32(id[2*i+1]))
	}
	return strings.Join(s, " ")
}
