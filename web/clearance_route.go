package web

import (
	"fmt"
	"slices"
	"strconv"

	"entente/node"
	"entente/record"
)

// routeRow is one route as the page shows it, in words.
type routeRow struct {
	node.Route
	Groups, Kinds, Verbs, Lines []string
	Stages                      []routeStage
	Days                        int64
}

type routeStage struct {
	Number  int
	Offices []string
}

type routesBody struct {
	Routes []routeRow
	SetsUp bool
}

// clearanceRoutes says what passes which offices at home before the other side sees it.
func (w *Web) clearanceRoutes(r *request) (answer, error) {
	all, err := w.node.Routes(r.Context(), r.who)
	if err != nil {
		return nil, err
	}
	groups, err := w.groupsOf(r)
	if err != nil {
		return nil, err
	}
	b := routesBody{SetsUp: w.node.SetsUp(r.who)}
	for _, x := range all {
		b.Routes = append(b.Routes, w.routeRow(r, groups, x))
	}
	return page{name: "clearance-routes", title: r.t("routes.title"), nav: "clearances", body: b}, nil
}

func (w *Web) routeRow(r *request, groups []group, x node.Route) routeRow {
	out := routeRow{Route: x, Days: x.Within / 86400}
	for _, g := range groups {
		if slices.Contains(x.Groups, g.ID) {
			out.Groups = append(out.Groups, g.Name)
		}
		for _, l := range g.Chart.Lines {
			if n := l.Names[r.lang]; slices.Contains(x.Lines, l.Code) && !slices.Contains(out.Lines, n) {
				out.Lines = append(out.Lines, n)
			}
		}
	}
	for _, k := range x.Kinds {
		if k != "*" {
			out.Kinds = append(out.Kinds, r.kindName(k, true))
		}
	}
	for _, v := range x.Verbs {
		out.Verbs = append(out.Verbs, r.t("verb."+string(v)))
	}
	for i, s := range x.Stages {
		step := routeStage{Number: i + 1}
		for _, o := range s {
			step.Offices = append(step.Offices, w.officeName(r, o))
		}
		out.Stages = append(out.Stages, step)
	}
	return out
}

// routeNamed finds the route that a query names; nil for a new one.
func (w *Web) routeNamed(r *request) (*node.Route, error) {
	all, err := w.node.Routes(r.Context(), r.who)
	if err != nil {
		return nil, err
	}
	name := r.URL.Query().Get("name")
	for _, x := range all {
		if x.Name == name {
			return &x, nil
		}
	}
	if name != "" {
		return nil, fmt.Errorf("route: %w", node.ErrNotFound)
	}
	return nil, nil
}

// routeStages is how many steps the form asks for: the lawyers and the line, those after them, the head of the ministry.
const routeStages = 4

// clearanceRoute adds a route or changes one.
func (w *Web) clearanceRoute(r *request) (answer, error) {
	if !w.node.SetsUp(r.who) {
		return nil, fmt.Errorf("routes: %w", node.ErrForbidden)
	}
	old, err := w.routeNamed(r)
	if err != nil {
		return nil, err
	}
	f, err := w.routeForm(r, old)
	if err != nil {
		return nil, err
	}
	title := r.t("routes.new")
	if old != nil {
		title = r.t("routes.change", "Name", old.Name)
	}
	if r.Method == "POST" {
		x, err := routeOf(f, old)
		if err != nil {
			return nil, err
		}
		if f.ok() {
			if err := w.node.PutRoute(r.Context(), r.who, x); err != nil {
				return nil, err
			}
			return redirect{to: "/clearances/routes", done: "route-set"}, nil
		}
	}
	p := page{name: "clearance-route", title: title, nav: "clearances", body: f}
	if !f.ok() {
		return f.again(p), nil
	}
	return p, nil
}

func (w *Web) routeForm(r *request, old *node.Route) (*form, error) {
	groups, err := w.groupsOf(r)
	if err != nil {
		return nil, err
	}
	offices, err := w.homeOffices(r)
	if err != nil {
		return nil, err
	}
	kinds := []option{{Value: "*", Text: r.t("routes.every-kind")}}
	for _, k := range w.node.Kinds().Names() {
		if x := w.node.Kinds()[k]; x.Home || x.Silent || x.Verbs[record.Propose].Root {
			continue
		}
		kinds = append(kinds, option{Value: k, Text: r.kindName(k, true)})
	}
	kinds = append(kinds, option{Value: node.NonPaperKind, Text: r.kindName(node.NonPaperKind, true)})
	var verbs, lines, where []option
	for _, v := range record.Verbs {
		if v != record.Restore {
			verbs = append(verbs, option{Value: string(v), Text: r.t("verb." + string(v))})
		}
	}
	for _, g := range groups {
		where = append(where, option{Value: g.ID.String(), Text: g.Name})
		for _, l := range g.Chart.Lines {
			if !slices.ContainsFunc(lines, func(o option) bool { return o.Value == l.Code }) {
				lines = append(lines, option{Value: l.Code, Text: l.Names[r.lang]})
			}
		}
	}
	fields := []field{{Name: "name", Control: controlInput, Label: r.t("routes.name"), Hint: r.t("routes.name-hint"), Width: 20},
		{Name: "kinds", Control: controlChecks, Label: r.t("routes.kinds"), Options: kinds},
		{Name: "verbs", Control: controlChecks, Label: r.t("routes.verbs"), Hint: r.t("routes.verbs-hint"), Options: verbs, Optional: true},
		{Name: "lines", Control: controlChecks, Label: r.t("routes.lines"), Hint: r.t("routes.lines-hint"), Options: lines, Optional: true},
		{Name: "groups", Control: controlChecks, Label: r.t("routes.groups"), Hint: r.t("routes.groups-hint"), Options: where, Optional: true}}
	fields = append(fields, officeSteps(r, offices, routeStages)...)
	fields = append(fields, field{Name: "days", Control: controlInput, Label: r.t("routes.days"), Hint: r.t("routes.days-hint"), Width: 4, Optional: true})
	f, err := r.form(r.URL.RequestURI(), r.t("routes.save"), fields...)
	if err != nil {
		return nil, err
	}
	f.Back = "/clearances/routes"
	if old != nil {
		var verbs, groups []string
		for _, v := range old.Verbs {
			verbs = append(verbs, string(v))
		}
		for _, g := range old.Groups {
			groups = append(groups, g.String())
		}
		f.set("name", old.Name)
		f.set("kinds", old.Kinds...)
		f.set("verbs", verbs...)
		f.set("lines", old.Lines...)
		f.set("groups", groups...)
		for i, s := range old.Stages {
			for _, o := range s {
				f.set(officePrefix+o, strconv.Itoa(i+1))
			}
		}
		if old.Within > 0 {
			f.set("days", strconv.FormatInt(old.Within/86400, 10))
		}
	}
	return f, nil
}

// routeOf reads the form. What the old route names and the reader's office may not see stays as it was.
func routeOf(f *form, old *node.Route) (node.Route, error) {
	x := node.Route{Name: f.text("name"), Kinds: f.choices("kinds"), Lines: f.choices("lines")}
	if x.Name != "" && !record.ValidName(x.Name) || old != nil && x.Name != old.Name {
		f.wrong("name", "routes.name-wrong")
	}
	for _, v := range f.choices("verbs") {
		x.Verbs = append(x.Verbs, record.Verb(v))
	}
	for _, g := range f.choices("groups") {
		id, err := record.ParseID(g)
		if err != nil {
			return x, fmt.Errorf("group: %w", node.ErrInvalid)
		}
		x.Groups = append(x.Groups, id)
	}
	if old != nil {
		where, err := f.Field("groups")
		if err != nil {
			return x, err
		}
		for _, g := range old.Groups {
			if !slices.ContainsFunc(where.Options, func(o option) bool { return o.Value == g.String() }) {
				x.Groups = append(x.Groups, g)
			}
		}
		if len(old.Stages) > routeStages {
			f.wrongSteps("routes.too-many")
		}
	}
	if x.Stages = f.steps(); len(x.Stages) == 0 {
		f.wrongSteps("clearance.nobody")
	}
	if v := f.text("days"); v != "" {
		n, err := strconv.ParseInt(v, 10, 32)
		if err != nil || n < 1 || n > 366 {
			f.wrong("days", "routes.days-wrong")
		}
		x.Within = n * 86400
	}
	return x, nil
}

// endRoute asks, and then ends a route.
func (w *Web) endRoute(r *request) (answer, error) {
	if !w.node.SetsUp(r.who) {
		return nil, fmt.Errorf("routes: %w", node.ErrForbidden)
	}
	x, err := w.routeNamed(r)
	if err == nil && x == nil {
		err = fmt.Errorf("route: %w", node.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	f, err := r.form(r.URL.RequestURI(), r.t("routes.end"))
	if err != nil {
		return nil, err
	}
	f.Warning, f.Back = true, "/clearances/routes"
	if r.Method == "POST" {
		if err := w.node.DropRoute(r.Context(), r.who, x.Name); err != nil {
			return nil, err
		}
		return redirect{to: "/clearances/routes", done: "route-ended"}, nil
	}
	return page{name: "confirm", title: r.t("routes.end-title", "Name", x.Name), nav: "clearances", body: confirmBody{f, r.t("routes.end-follows")}}, nil
}

// confirmBody says what follows from something that cannot be undone by pressing again.
type confirmBody struct {
	Form    *form
	Follows string
}
