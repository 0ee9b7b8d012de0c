package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"entente/figures"
	"entente/node"
	"entente/record"
)

// FiguresFile is an agency's file of figures with how it is read.
type FiguresFile struct {
	Indicator record.ID         `json:"measure" doc:"the indicator that the figures are of"`
	Content   []byte            `json:"content" doc:"the file, CSV or XLSX as it was published"`
	Mapping   string            `json:"mapping,omitempty" doc:"name of a mapping that is kept, or comes with the program"`
	Use       json.RawMessage   `json:"use,omitempty" doc:"a mapping that is not kept, in the place of a name"`
	Source    string            `json:"source,omitempty" doc:"absent: as the mapping says"`
	Vintage   string            `json:"vintage,omitempty" doc:"as the source dates its publication"`
	Note      map[string]string `json:"note,omitempty" doc:"by language"`
	Draft     bool              `json:"draft,omitempty" doc:"false: look only. true: keep what is new as drafts, if nothing is refused"`
	Rest      bool              `json:"rest,omitempty" doc:"with draft: take the rest where rows are refused"`
}

// FiguresAnswer is what a file comes to, and the drafts that were made of it.
type FiguresAnswer struct {
	node.FiguresRead
	First  []figures.Compared `json:"first" doc:"the first of what is added, revised or confirmed"`
	Drafts []Draft            `json:"drafts,omitempty"`
}

// FiguresLine is one line of a reading under way: how far it is, or its answer, or why it failed.
type FiguresLine struct {
	Done    uint64         `json:"done,omitzero"`
	Total   uint64         `json:"total,omitzero"`
	Answer  *FiguresAnswer `json:"answer,omitempty"`
	Problem *Problem       `json:"problem,omitempty"`
}

type inFigures struct {
	InGroup
	Accept string `header:"Accept"`
	Body   FiguresFile
}

// figures reads a file. It may be repeated: what stands in a draft already is not drafted again.
func (a *API) figures(ctx context.Context, in *inFigures) (*huma.StreamResponse, error) {
	return streamed(ctx, a, in.Accept, func(ctx context.Context, tell func(done, total uint64)) (*FiguresAnswer, error) {
		told := uint64(0)
		return a.readFigures(ctx, in, func(done, total uint64) {
			if done-told > total/50 || done == total {
				told = done
				tell(done, total)
			}
		})
	}, func(done, total uint64, out *FiguresAnswer, p *Problem) any { return FiguresLine{done, total, out, p} })
}

func (a *API) readFigures(ctx context.Context, in *inFigures, tell func(done, total uint64)) (*FiguresAnswer, error) {
	who, b := caller(ctx), &in.Body
	q := node.FigureImport{Group: in.Group, Indicator: b.Indicator, Source: b.Source, Vintage: b.Vintage, Note: b.Note}
	var err error
	switch {
	case (b.Mapping == "") == (len(b.Use) == 0):
		return nil, fmt.Errorf("name a mapping, or give one: one of the two: %w", node.ErrInvalid)
	case b.Mapping != "":
		q.Mapping, err = a.node.Mapping(ctx, who, in.Group, b.Mapping)
	default:
		if q.Mapping, err = figures.ParseMapping(b.Use); err != nil {
			err = fmt.Errorf("%w: %w", node.ErrInvalid, err)
		}
	}
	if err != nil {
		return nil, err
	}
	read, err := a.node.ReadFigures(ctx, who, q, bytes.NewReader(b.Content), int64(len(b.Content)), tell)
	if err != nil {
		return nil, err
	}
	out := &FiguresAnswer{FiguresRead: *read, First: read.Change.Take[:min(len(read.Change.Take), figures.MaxListed)]}
	if !b.Draft || len(read.Change.Take) == 0 || read.Reading.Blocked || read.Refused() > 0 && !b.Rest {
		return out, nil
	}
	ds, err := a.node.DraftFigures(ctx, who, q, read.Change.Take)
	if err != nil {
		return nil, err
	}
	for _, d := range ds {
		x, err := a.oneDraft(ctx, d)
		if err != nil {
			return nil, err
		}
		out.Drafts = append(out.Drafts, x)
	}
	return out, nil
}

// Mapping is how an agency's file is read, as it is kept.
type Mapping struct {
	Name    string          `json:"name"`
	Source  string          `json:"source,omitempty"`
	Unit    string          `json:"unit"`
	Office  string          `json:"office,omitempty" doc:"that keeps it; absent: it comes with the program"`
	Time    int64           `json:"time,omitzero" doc:"Unix seconds"`
	Mapping json.RawMessage `json:"mapping"`
}

func mappingOf(m figures.Mapping, office string, at int64) (Mapping, error) {
	b, err := json.Marshal(m)
	return Mapping{m.Name, m.Source, m.Unit, office, at, b}, err
}

func (a *API) mappings(ctx context.Context, in *InGroup) (*body[[]Mapping], error) {
	kept, err := a.node.Mappings(ctx, caller(ctx), in.Group)
	if err != nil {
		return nil, err
	}
	var out []Mapping
	for _, k := range kept {
		m, err := mappingOf(k.Mapping, k.Office, k.Time)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	for _, s := range figures.Shipped() {
		m, err := mappingOf(s, "", 0)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return list(out, nil)
}

// InMapping is a path of a mapping.
type InMapping struct {
	InGroup
	Name string `path:"name"`
}

func (a *API) mapping(ctx context.Context, in *InMapping) (*body[json.RawMessage], error) {
	m, err := a.node.Mapping(ctx, caller(ctx), in.Group, in.Name)
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(m)
	return ok(json.RawMessage(b), err)
}

func (a *API) keepMapping(ctx context.Context, in *struct {
	InMapping
	Body json.RawMessage
}) (*none, error) {
	m, err := figures.ParseMapping(in.Body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", node.ErrInvalid, err)
	}
	m.Name = in.Name
	return &none{}, a.node.PutMapping(ctx, caller(ctx), in.Group, m)
}

func (a *API) dropMapping(ctx context.Context, in *InMapping) (*none, error) {
	return &none{}, a.node.DropMapping(ctx, caller(ctx), in.Group, in.Name)
}

// Figures reads a file of figures, and makes drafts of it where it says so; progress, if not nil, hears of bytes read.
func (c *Client) Figures(ctx context.Context, g record.ID, f FiguresFile, progress func(done, total uint64)) (*FiguresAnswer, error) {
	return follow(ctx, c, inGroupPath(g, "figures"), f, "figures", progress, func(l *FiguresLine) (uint64, uint64, *FiguresAnswer, *Problem) {
		return l.Done, l.Total, l.Answer, l.Problem
	})
}

// Mappings that are kept in a group, and those that come with the program.
func (c *Client) Mappings(ctx context.Context, g record.ID) ([]Mapping, error) {
	return fetch[[]Mapping](ctx, c, inGroupPath(g, "figure-mappings"))
}

// Mapping reads one.
func (c *Client) Mapping(ctx context.Context, g record.ID, name string) (json.RawMessage, error) {
	return fetch[json.RawMessage](ctx, c, inGroupPath(g, "figure-mappings", name))
}

// KeepMapping keeps one under a name.
func (c *Client) KeepMapping(ctx context.Context, g record.ID, name string, m json.RawMessage) error {
	return c.call(ctx, http.MethodPost, inGroupPath(g, "figure-mappings", name), m, nil)
}

// DropMapping forgets one.
func (c *Client) DropMapping(ctx context.Context, g record.ID, name string) error {
	return c.call(ctx, http.MethodDelete, "/v1/groups/"+g.String()+"/figure-mappings/"+url.PathEscape(name), nil, nil)
}
