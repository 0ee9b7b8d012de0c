package web

import (
	"fmt"

	"entente"
	"entente/node"
)

// row is one instrument in a list.
type row struct {
	Name  name
	Href  string
	State *entente.State
	View  entente.View
	Group *group
}

type listBody struct {
	Kind string
	Rows []row
	New  string // path of the form for another
}

// list shows the instruments of one kind. Kinds that have pages of their own link here for the plain list.
func (w *Web) list(r *request) (answer, error) {
	kind := r.PathValue("kind")
	if _, ok := w.node.Kinds()[kind]; !ok {
		return nil, fmt.Errorf("kind: %w", node.ErrNotFound)
	}
	rows, err := w.rows(r, r.group, node.Query{Kind: kind, Limit: listPage})
	if err != nil {
		return nil, err
	}
	b := listBody{Kind: kind, Rows: rows}
	if compose := kindPages[kind].compose; compose != "" {
		b.New = r.group.Href() + "/" + compose
	}
	return page{name: "list", title: r.kindName(kind, true), nav: kind, body: b}, nil
}

// kindName is the name of a kind in the reader's language; a kind that the messages do not know shows under its own name.
func (r *request) kindName(kind string, plural bool) string {
	key := "kind." + kind
	if plural {
		key += ".many"
	}
	if s := r.t(key); s != "[["+key+"]]" {
		return s
	}
	return kind
}

func (w *Web) rows(r *request, g *group, q node.Query) ([]row, error) {
	p, err := w.node.Instruments(r.Context(), r.who, g.ID, q)
	if err != nil {
		return nil, err
	}
	texts, err := w.read(r, titles(g, p.Items))
	if err != nil {
		return nil, err
	}
	out := make([]row, 0, len(p.Items))
	for _, x := range p.Items {
		out = append(out, row{Name: texts.name(r, g, x.State), Href: g.Href("i", x.State.Instrument.String()), State: x.State, View: x.View, Group: g})
	}
	return out, nil
}
