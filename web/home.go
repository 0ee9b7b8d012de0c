package web

import (
	"entente/node"
)

// homeBody is what waits for the reader's office, group by group.
type homeBody struct {
	Groups []homeGroup
}

type homeGroup struct {
	Group group
	Items []row
}

// home is the page officials open in the morning.
func (w *Web) home(r *request) (answer, error) {
	groups, err := w.groupsOf(r)
	if err != nil {
		return nil, err
	}
	b := homeBody{}
	for _, g := range groups {
		items, err := w.rows(r, &g, node.Query{Limit: listPage})
		if err != nil {
			return nil, err
		}
		b.Groups = append(b.Groups, homeGroup{g, items})
	}
	return page{name: "home", title: r.t("attention.title"), nav: "attention", body: b}, nil
}

func (w *Web) groupHome(r *request) (answer, error) {
	items, err := w.rows(r, r.group, node.Query{Limit: listPage})
	if err != nil {
		return nil, err
	}
	return page{name: "home", title: r.t("attention.title"), nav: "attention", body: homeBody{[]homeGroup{{*r.group, items}}}}, nil
}
