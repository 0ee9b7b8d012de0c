package web

import (
	"fmt"
	"slices"
	"strconv"

	"entente"
	"entente/node"
	"entente/record"
)

// changeContact adds an entry to this party's own notes on whom to call, or changes one.
func (w *Web) changeContact(r *request) (answer, error) {
	all, before, at, err := w.directoryAt(r)
	if err != nil {
		return nil, err
	}
	var parties []option
	for _, p := range append(r.group.Others(w.node.Party()), w.node.Party()) {
		parties = append(parties, option{Value: string(p), Text: r.group.PartyName(p)})
	}
	languages := readerFirst(r.lang, entente.Languages)
	fields := []field{{Name: "party", Control: controlSelect, Label: r.t("party"), Options: parties}}
	for i, l := range languages {
		fields = append(fields, field{Name: "name." + l, Control: controlInput, Label: r.t("office.name", "Language", r.t("in-language."+l)), Lang: tags[l], Optional: i > 0})
	}
	fields = append(fields, field{Name: "telephone", Control: controlInput, Label: r.t("people.telephone"), Width: 20, Optional: true}, field{Name: "mail", Control: controlInput, Label: r.t("people.mail"), Optional: true},
		field{Name: "hours", Control: controlInput, Label: r.t("people.hours"), Hint: r.t("people.hours-hint"), Optional: true}, field{Name: "note", Control: controlInput, Label: r.t("people.note"), Optional: true},
		field{Name: "duty", Control: controlChecks, Label: r.t("people.duty"), Options: []option{{Value: "yes", Text: r.t("people.duty-yes")}}, Optional: true},
		editionField(before))
	f, err := r.form(r.URL.RequestURI(), r.t("people.save"), fields...)
	if err != nil {
		return nil, err
	}
	f.Back = r.group.Href("people")
	title := r.t("contact.new")
	if at >= 0 {
		c := all[at]
		title = r.t("contact.change", "Name", contactName(c, r.lang))
		f.set("party", string(c.Party))
		for l, n := range c.Names {
			f.set("name."+l, n)
		}
		f.set("telephone", c.Telephone)
		f.set("mail", c.Mail)
		f.set("hours", c.Hours)
		f.set("note", c.Note)
		if c.Duty {
			f.set("duty", "yes")
		}
	}
	p := page{name: "people-form", title: title, nav: "people", body: peopleForm{Form: f, Lead: r.t("contact.lead")}}
	if r.Method != "POST" {
		return p, nil
	}
	c := node.Contact{Party: record.Party(f.choice("party")), Names: map[string]string{}, Telephone: f.line("telephone", maxContactLine), Mail: f.line("mail", maxContactLine),
		Hours: f.line("hours", maxContactLine), Note: f.line("note", maxContactLine), Duty: len(f.choices("duty")) > 0}
	for _, l := range languages {
		if n := f.line("name."+l, maxContactLine); n != "" {
			c.Names[l] = n
		}
	}
	if c.Telephone == "" && c.Mail == "" {
		f.wrong("telephone", "contact.no-way")
	}
	if !f.ok() {
		return f.again(p), nil
	}
	if at >= 0 {
		c.Office = all[at].Office
		all[at] = c
	} else {
		all = append(all, c)
	}
	if err := w.node.PutDirectory(r.Context(), r.who, r.group.ID, all, before); err != nil {
		return nil, err
	}
	return redirect{to: r.group.Href("people"), done: "directory-kept"}, nil
}

// removeContact says what follows, and then takes an entry out.
func (w *Web) removeContact(r *request) (answer, error) {
	all, before, at, err := w.directoryAt(r)
	if err == nil && at < 0 {
		err = fmt.Errorf("contact: %w", node.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	f, err := r.form(r.URL.RequestURI(), r.t("contact.remove"), editionField(before))
	if err != nil {
		return nil, err
	}
	f.Back, f.Warning = r.group.Href("people"), true
	if r.Method != "POST" {
		return page{name: "confirm", title: r.t("contact.remove-title", "Name", contactName(all[at], r.lang)), nav: "people", body: confirmBody{f, r.t("contact.remove-follows")}}, nil
	}
	if err := w.node.PutDirectory(r.Context(), r.who, r.group.ID, slices.Delete(all, at, at+1), before); err != nil {
		return nil, err
	}
	return redirect{to: r.group.Href("people"), done: "directory-kept"}, nil
}

// directoryAt reads the directory and which entry the address names, −1 for a new one. A form that was opened on another edition is
// refused by the node.
func (w *Web) directoryAt(r *request) ([]node.Contact, node.Edition, int, error) {
	if !w.node.SetsUp(r.who) {
		return nil, node.Edition{}, 0, fmt.Errorf("directory: %w", node.ErrForbidden)
	}
	all, before, err := w.node.Directory(r.Context(), r.who, r.group.ID)
	if err != nil {
		return nil, before, 0, err
	}
	at := -1
	if n := r.URL.Query().Get("at"); n != "" {
		if at, err = strconv.Atoi(n); err != nil || at < 0 || at >= len(all) {
			return nil, before, 0, fmt.Errorf("contact: %w", node.ErrNotFound)
		}
	}
	return all, r.edition(before), at, nil
}

// edition is the one that the form was opened on.
func (r *request) edition(now node.Edition) node.Edition {
	if r.Method != "POST" {
		return now
	}
	if t, err := strconv.ParseInt(r.PostFormValue("edition"), 10, 64); err == nil {
		now.Time = t
	}
	return now
}

func editionField(e node.Edition) field {
	return field{Name: "edition", Control: controlHidden, Values: []string{strconv.FormatInt(e.Time, 10)}}
}

// changeMarking says how parts of a kind are marked of which nothing else is said.
func (w *Web) changeMarking(r *request) (answer, error) {
	if !w.node.SetsUp(r.who) {
		return nil, fmt.Errorf("markings: %w", node.ErrForbidden)
	}
	all, before, err := w.node.DefaultMarkings(r.Context(), r.who, r.group.ID)
	if err != nil {
		return nil, err
	}
	before = r.edition(before)
	kinds := []option{{Value: "*", Text: r.t("marking.every-other")}}
	for _, k := range w.node.Kinds().Names() {
		if x := w.node.Kinds()[k]; !x.Home && !x.Silent && !x.Verbs[record.Propose].Root {
			kinds = append(kinds, option{Value: k, Text: r.kindName(k, true)})
		}
	}
	levels := []option{{Value: "", Text: r.t("marking.none")}}
	for _, l := range []record.TLP{record.AmberStrict, record.Amber, record.Green} {
		levels = append(levels, option{Value: string(l), Text: "TLP:" + string(l), Hint: r.t("audience." + string(l))})
	}
	fields := []field{{Name: "kind", Control: controlSelect, Label: r.t("marking.kind"), Options: kinds, Values: []string{r.URL.Query().Get("kind")}},
		{Name: "tlp", Control: controlRadios, Label: r.t("marking"), Options: levels, Optional: true}}
	if h := r.group.Chart.Handling; len(h) > 0 {
		options := []option{{Text: "–"}}
		for _, x := range h {
			options = append(options, option{Value: x, Text: x})
		}
		fields = append(fields, field{Name: "handling", Control: controlSelect, Label: r.t("marking.handling"), Options: options, Optional: true})
	}
	fields = append(fields, field{Name: "national", Control: controlInput, Label: r.t("marking.national"), Hint: r.t("marking.national-hint"), Width: 20, Optional: true},
		field{Name: "review", Control: controlInput, Label: r.t("marking.review"), Hint: r.t("marking.review-hint"), Width: 4, Optional: true}, editionField(before))
	f, err := r.form(r.group.Href("people", "marking"), r.t("people.save"), fields...)
	if err != nil {
		return nil, err
	}
	f.Back = r.group.Href("people")
	if i := slices.IndexFunc(all, func(d node.DefaultMarking) bool { return d.Kind == r.URL.Query().Get("kind") }); i >= 0 {
		f.set("tlp", string(all[i].TLP))
		f.set("handling", all[i].Handling)
		f.set("national", all[i].National)
		if all[i].Review > 0 {
			f.set("review", strconv.FormatInt(all[i].Review, 10))
		}
	}
	p := page{name: "people-form", title: r.t("marking.title"), nav: "people", body: peopleForm{Form: f, Lead: r.t("marking.lead")}}
	if r.Method != "POST" {
		return p, nil
	}
	d := node.DefaultMarking{Kind: f.choice("kind"), TLP: record.TLP(f.choice("tlp")), National: f.line("national", record.MaxName)}
	if f.Has("handling") {
		d.Handling = f.choice("handling")
	}
	if v := f.text("review"); v != "" {
		if d.Review, err = strconv.ParseInt(v, 10, 32); err != nil || d.Review < 1 || d.Review > 3660 {
			f.wrong("review", "marking.review-wrong")
		}
	}
	if !f.ok() {
		return f.again(p), nil
	}
	all = slices.DeleteFunc(all, func(x node.DefaultMarking) bool { return x.Kind == d.Kind })
	if d.TLP != "" {
		all = append(all, d)
	}
	if err := w.node.PutDefaultMarkings(r.Context(), r.who, r.group.ID, all, before); err != nil {
		return nil, err
	}
	return redirect{to: r.group.Href("people"), done: "markings-kept"}, nil
}
