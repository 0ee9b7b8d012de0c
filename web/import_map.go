package web

import (
	"slices"
	"strings"

	"entente"
	"entente/record"
	tables "entente/sheet"
)

// target is a field of a commitment that a column may fill.
type target struct {
	name    string // of the form for a commitment
	label   string
	as      string
	lang    string   // its language, where it has one
	words   []string // by which its column is known, without accents
	needed  bool     // nothing is taken without its column
	same    bool     // it may be the same for every row
	options []option
	values  map[string]string // what a cell may say, and what it means
}

// importTargets are the fields in the order in which columns are looked for.
func (w *Web) importTargets(r *request) []target {
	var out []target
	languages := readerFirst(r.lang, r.group.Chart.Languages)
	each := func(name, key string, words ...string) {
		for _, l := range languages {
			out = append(out, target{name: name + "." + l, label: r.t(key, "Language", r.t("in-language."+l)), lang: l, words: words, needed: name == "title" || name == "body"})
		}
	}
	each("title", "propose.name", "titulo", "title", "compromiso", "commitment", "accion", "action", "nombre", "name", "entregable", "deliverable")
	each("body", "propose.body", "texto", "text", "descripcion", "description", "detalle", "detail")
	each("done", "propose.done", "cumplido", "done", "indicador", "indicator", "medio de verificacion")
	offices := w.offices(r)
	out = append(out,
		target{name: "owner", label: r.t("propose.owner"), words: []string{"responsable", "responsible", "owner", "owed by", "a cargo", "obligad", "dependencia", "agency", "lead"}, same: true, options: offices, values: w.officeWords(r)},
		target{name: "due", label: r.t("commitment.due"), as: tables.AsDate, needed: true, words: []string{"vence", "vencimiento", "fecha limite", "plazo", "due", "deadline", "fecha de cumplimiento", "fecha compromiso"}},
		target{name: "verifier", label: r.t("propose.verifier"), words: []string{"verifica", "verif", "quien dice", "who says"}, same: true,
			options: append([]option{{"any", r.t("verifier.any"), ""}}, offices...), values: w.verifierWords(r)},
		target{name: "line", label: r.t("commitment.line"), words: []string{"linea", "line", "eje", "tema", "topic", "pillar"}, same: true, options: r.lines()[1:], values: r.lineWords()},
		target{name: "nature", label: r.t("commitment.nature"), words: []string{"naturaleza", "nature", "caracter"}, same: true, options: natures(r), values: r.natureWords()})
	each("treaty", "propose.treaty", "tratado", "treaty")
	return append(out,
		target{name: "budget", label: r.t("commitment.budget"), as: tables.AsMoney, words: []string{"presupuesto", "budget", "monto", "amount", "costo", "cost"}},
		target{name: "currency", label: r.t("propose.currency"), words: []string{"moneda", "currency", "divisa"}})
}

// marks of a language in a column's name.
var languageMarks = map[string][]string{"en": {"english", "ingles", "(en)", "(eng)"}, "es": {"spanish", "espanol", "(es)", "(esp)"}}

// spanishWords are those of the words above that tell the language by themselves.
var spanishWords = []string{"titulo", "compromiso", "accion", "nombre", "entregable", "texto", "descripcion", "detalle", "cumplido", "indicador", "medio de verificacion", "tratado"}

// guess finds a column for each field by its name. A text without a column of its own stands in its title's.
func (w *Web) guess(r *request, h tables.Header) map[string]string {
	out, used := map[string]string{}, map[string]bool{}
	for _, strict := range []bool{true, false} { // columns that name their language first
		for _, t := range w.importTargets(r) {
			for _, word := range t.words {
				for _, c := range h.Columns {
					name := strings.ToLower(plain(c.Name))
					if out[t.name] != "" || used[c.Letter] || !strings.Contains(name, word) {
						continue
					}
					if lang := languageIn(name); t.lang != "" && (lang != "" && lang != t.lang || lang == "" && (strict || spokenIn(word) != t.lang)) {
						continue
					}
					out[t.name], used[c.Letter] = c.Letter, true
				}
			}
		}
	}
	for _, l := range r.group.Chart.Languages {
		if out["body."+l] == "" && out["title."+l] != "" {
			out["body."+l] = out["title."+l]
		}
	}
	return out
}

// languageIn is the language that a column's name says its text is in. A name in both languages says it twice: "in English".
func languageIn(name string) string {
	found := ""
	for _, l := range entente.Languages {
		for _, m := range languageMarks[l] {
			if strings.Contains(name, m) {
				if found != "" && found != l {
					return ""
				}
				found = l
			}
		}
	}
	return found
}

func spokenIn(word string) string {
	if slices.Contains(spanishWords, word) {
		return "es"
	}
	return "en"
}

// said collects what a cell may say for a value; a text that would mean two things means nothing.
type said map[string]string

func (s said) add(value string, texts ...string) {
	for _, t := range texts {
		if t = oneLine(t); t == "" {
			continue
		}
		if old, ok := s[t]; ok && old != value {
			value = ""
		}
		s[t] = value
	}
}

func (s said) clear() map[string]string {
	for t, v := range s {
		if v == "" {
			delete(s, t)
		}
	}
	return s
}

// every is what is said in each language, and in all of them as exports write it.
func (r *request) every(say func(*request) string) []string {
	out := []string{r.inAll(say)}
	for _, l := range r.group.Chart.Languages {
		out = append(out, say(r.speaking(l)))
	}
	for _, l := range r.group.Chart.Languages { // an export made in the other language
		out = append(out, r.speaking(l).inAll(say))
	}
	return out
}

func (w *Web) officeWords(r *request) map[string]string {
	s := said{}
	for _, p := range r.group.Chart.IDs() {
		s.add(string(p), append(r.every(func(r *request) string { return r.group.PartyName(p) }), string(p))...)
		powers := w.powersNow(r, p)
		if powers == nil {
			continue
		}
		for _, o := range powers.Offices {
			if len(o.Grants) == 0 {
				continue
			}
			name := func(r *request) string { return officeIn(powers, o.ID, r.lang) }
			s.add(officeValue(p, o.ID), append(r.every(func(r *request) string {
				return r.t("office.of", "Party", r.group.PartyName(p), "Office", name(r))
			}), string(p)+"/"+o.ID)...)
			s.add(officeValue(p, o.ID), name(r.speaking("en")), name(r.speaking("es")))
		}
	}
	return s.clear()
}

func (w *Web) verifierWords(r *request) map[string]string {
	s := said(w.officeWords(r))
	s.add("any", append(r.every(func(r *request) string { return r.t("verifier.any") }), "any")...)
	return s
}

func (r *request) lineWords() map[string]string {
	s := said{}
	for _, l := range r.group.Chart.Lines {
		s.add(l.Code, append(r.every(func(r *request) string { return r.group.LineName(l.Code) }), l.Code)...)
	}
	return s.clear()
}

func (r *request) natureWords() map[string]string {
	s := said{}
	for _, n := range []record.Nature{record.Political, record.Arrangement, record.Treaty} {
		s.add(string(n), append(r.every(func(r *request) string { return r.t("nature." + string(n)) }), string(n))...)
	}
	return s.clear()
}
