package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"entente"
	"entente/node"
	"entente/record"
	"entente/release"
	"entente/territory"
)

// mapView is a map that a reader may open: outlines of the boundary data that the charter names, and an area. Nothing of it is loaded
// before. The words beside it say the same and more: the map is a help.
type mapView struct {
	ID       string // of its elements
	Outlines string // address
	Where    string // address that says in words where a drawn area lies; empty: nothing is drawn
	Shape    string // address of the exact area; empty: the reader may not read it, or it is not here
	Area     string // GeoJSON of the area, or of the cells that contain it
	Data     string // whose data it is, in words
}

// mapOf is a map of the group; nil where its boundary data is not here.
func (w *Web) mapOf(r *request, id string) *mapView {
	b, err := w.node.Boundary(r.group.ID)
	if err != nil || b == nil {
		return nil
	}
	return &mapView{ID: id, Outlines: r.group.Href("outlines", b.Hex()), Data: w.dataWords(r, b)}
}

// mapOfText is a map of a text's area: its cells, which everybody holds, and its shape for whoever may read it. The shape is read, and
// its reader named in the access log, when the map is opened.
func (w *Web) mapOfText(r *request, x *node.RecordInfo) *mapView {
	h := x.Header
	if len(h.Area) == 0 || territory.CheckCells(h.Area) != nil {
		return nil
	}
	m := w.mapOf(r, "map-"+x.ID.Short())
	if m == nil {
		return nil
	}
	m.Area = string(territory.CellArea(h.Area).GeoJSON())
	if p, ok := h.Part(entente.ShapePart); ok && slices.Contains(x.Held, entente.ShapePart) && release.MayRead(p.Marking, w.node.Party(), r.who.Office) {
		m.Shape = r.group.Href("r", x.ID.String(), entente.ShapePart)
	}
	return m
}

// mapOfDraft is a map of the area that is to be signed.
func (w *Web) mapOfDraft(r *request, h *record.Header, shape string) *mapView {
	if len(h.Area) == 0 || territory.CheckCells(h.Area) != nil {
		return nil
	}
	m := w.mapOf(r, "map-draft")
	if m != nil {
		if m.Area = shape; shape == "" || len(shape) > maxMapArea {
			m.Area = string(territory.CellArea(h.Area).GeoJSON())
		}
	}
	return m
}

// outlines are the lines of a map: those of the boundary data that the group's charter names, under its digest.
func (w *Web) outlines(r *request) (answer, error) {
	b, err := w.node.Boundary(r.group.ID)
	if err != nil {
		return nil, err
	}
	if b == nil || b.Hex() != r.PathValue("digest") {
		return nil, fmt.Errorf("outlines: %w", node.ErrNotFound)
	}
	return lasting{b.Outline()}, nil
}

// lasting is JSON that never changes under its address. Only the reader's own browser keeps it.
type lasting struct{ content []byte }

func (a lasting) write(rw http.ResponseWriter, _ *request) error {
	rw.Header().Set("Content-Type", "application/json")
	rw.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
	_, err := rw.Write(a.content)
	return clientGone(err)
}

// whereItIs says in words where an area lies that is not proposed yet, as the next page will before it is signed.
func (w *Web) whereItIs(r *request) (answer, error) {
	b, err := w.node.Boundary(r.group.ID)
	if err != nil {
		return nil, err
	}
	if b == nil {
		return nil, fmt.Errorf("%w: %w", node.ErrConflict, record.Because("area.boundary", "the charter names no boundary data: amend it first"))
	}
	f, err := r.form(r.URL.Path, "", r.areaFields()...)
	if err != nil {
		return nil, err
	}
	a, err := f.area()
	if err != nil {
		return nil, err
	}
	var said struct {
		Words string `json:"words"`
		Wrong bool   `json:"wrong,omitempty"`
	}
	if f.ok() {
		said.Words = w.placeWords(r, b.Answer(a))
	} else {
		said.Words, said.Wrong = f.Problems()[0].Error, true
	}
	j, err := json.Marshal(said)
	return file{name: "where.json", mime: "application/json", content: j}, err
}
