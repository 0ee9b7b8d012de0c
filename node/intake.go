package node

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"entente"
	"entente/figures"
	"entente/progress"
	"entente/record"
	"entente/sheet"
	"entente/store"
)

// FigureImport says for which indicator figures are, and where they come from.
type FigureImport struct {
	Group     record.ID
	Indicator record.ID
	Mapping   figures.Mapping   // of figures that were typed only its unit, and whether values below zero and periods across others are meant
	Source    string            // empty: as the mapping says
	Vintage   string            // as the source dates its publication
	Note      map[string]string // by language: what the office says of them
	Marking   *record.Marking
}

// FiguresRead is what a file comes to beside what this party has on record and in drafts.
type FiguresRead struct {
	Reading *figures.Reading    `json:"reading"`
	Change  *figures.Comparison `json:"change"`
}

// Refused is how many rows, cells and figures of the file were refused.
func (f *FiguresRead) Refused() int { return f.Reading.RefusedCount() + f.Change.RefusedCount() }

// ReadFigures reads a file of size bytes for an indicator and holds it against what this party has reported on it. Nothing is
// stored. tell, if not nil, hears of the bytes read. Errors of the file wrap those of package sheet, of the mapping
// figures.ErrMapping, and ErrInvalid.
func (n *Node) ReadFigures(ctx context.Context, who Caller, q FigureImport, file io.ReaderAt, size int64, tell func(done, total uint64)) (*FiguresRead, error) {
	if size > MaxFigureFile {
		return nil, fmt.Errorf("%w: %w: %w", ErrInvalid, sheet.ErrTooLarge, record.Because("figures.size", "the file has %d bytes, the limit is %d: cut it by years, or filter it before", size, MaxFigureFile))
	}
	known, err := n.knownFigures(ctx, who, q)
	if err != nil {
		return nil, err
	}
	b, err := sheet.Open(&told{file, size, tell, 0}, size, q.Mapping.File)
	if err != nil {
		return nil, invalidTable(err)
	}
	r, err := figures.Read(b, q.Mapping, n.clock(), func(int) error { return ctx.Err() })
	if err != nil {
		return nil, invalidTable(err)
	}
	return &FiguresRead{r, figures.Compare(r.Figures, known, q.Mapping.Overlapping)}, nil
}

// CompareFigures holds figures, read or typed, against what stands now.
func (n *Node) CompareFigures(ctx context.Context, who Caller, q FigureImport, fs []figures.Figure) (*figures.Comparison, error) {
	known, err := n.knownFigures(ctx, who, q)
	if err != nil {
		return nil, err
	}
	return figures.Compare(fs, known, q.Mapping.Overlapping), nil
}

func invalidTable(err error) error {
	if f, _ := sheet.FaultOf(err); f != "" || errors.Is(err, figures.ErrMapping) {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return err
}

// told says how far a file is read.
type told struct {
	io.ReaderAt
	size int64
	tell func(done, total uint64)
	done int64
}

func (t *told) ReadAt(p []byte, off int64) (int, error) {
	n, err := t.ReaderAt.ReadAt(p, off)
	if to := off + int64(n); t.tell != nil && to > t.done && off <= t.done+1<<20 {
		t.done = to
		t.tell(uint64(to), uint64(t.size))
	}
	return n, err
}

// measured finds the indicator that figures are for. Figures in a unit that measures something else are no figures of it.
func (n *Node) measured(ctx context.Context, who Caller, q FigureImport) (*entente.State, error) {
	d, err := n.Instrument(ctx, who, q.Group, q.Indicator)
	if err != nil {
		return nil, err
	}
	unit := d.State.Fact("unit")
	switch {
	case d.State.Fact("direction") == "" || unit == "":
		return nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("figures.no-indicator", "%s is no indicator", q.Indicator.Short()))
	case q.Mapping.Unit != unit && converted(d.State, n.party, q.Mapping.Unit) == nil:
		return nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("figures.unit", "the indicator %s counts in %s, these figures are in %s, and nothing converts one into the other", d.State.Fact("code"), unit, q.Mapping.Unit))
	}
	return d.State, nil
}

func converted(s *entente.State, p record.Party, from string) *progress.Converted {
	d := s.Definition()
	return d.Convert(p, from)
}

// knownFigures is what this party has on record on the indicator, and in drafts that wait. The read stands in the access log.
func (n *Node) knownFigures(ctx context.Context, who Caller, q FigureImport) (*figures.Known, error) {
	s, err := n.measured(ctx, who, q)
	if err != nil {
		return nil, err
	}
	g, err := n.reading(who, q.Group)
	if err != nil {
		return nil, err
	}
	own, _, err := n.reportsBy(ctx, g, s.Instrument, n.party, maxHistory, maxFigureHistory)
	if err != nil {
		return nil, err
	}
	texts, err := n.texts(ctx, who, "figures", Rows(q.Group, own), maxFigureHistory)
	if err != nil {
		return nil, err
	}
	reports, unread := texts.Filled(own)
	if unread > 0 {
		return nil, fmt.Errorf("%w: %w", ErrConflict, record.Because("figures.unread", "%d reports of this party on the indicator are not for this office, so that it cannot tell what is new: let an office that reads them do it", unread))
	}
	k := figures.NewKnown(s.Collect(reports), n.party, q.Mapping.Unit)
	drafts, err := n.Drafts(ctx, who, q.Group)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(drafts, func(a, b *Draft) int { return cmp.Compare(a.Created, b.Created) })
	var waiting []record.Nonce
	var acts []record.ID
	for _, d := range drafts {
		if t, err := n.kinds.DecodeTerms(d.Header); err == nil {
			if o, ok := t.(*entente.Observation); ok && o.Indicator == s.Instrument {
				waiting, acts = append(waiting, d.Nonce), append(acts, d.Act)
			}
		}
	}
	if len(waiting) == 0 {
		return k, nil
	}
	texts, err = n.DraftTexts(ctx, who, q.Group, "figures", []string{record.RowsPart}, waiting...)
	if err != nil {
		return nil, err
	}
	for _, act := range acts {
		if p, ok := texts[act].Part(record.RowsPart); ok {
			if t, err := record.ParseTable(p.Content); err == nil {
				k.Await(t, q.Mapping.Unit)
			}
		}
	}
	return k, nil
}

// DraftFigures keeps figures as drafts, one or a few, in the order in which they are to be signed. Nothing is on record, and the
// other side sees nothing, before an office with the powers has signed them.
func (n *Node) DraftFigures(ctx context.Context, who Caller, q FigureImport, take []figures.Compared) ([]*Draft, error) {
	s, err := n.measured(ctx, who, q)
	if err != nil {
		return nil, err
	}
	version := s.Text()
	if version == nil {
		return nil, fmt.Errorf("%w: %w", ErrConflict, record.Because("figures.undefined", "the indicator has no definition to count by"))
	}
	if len(take) == 0 {
		return nil, fmt.Errorf("%w: %w", ErrConflict, record.Because("figures.nothing", "nothing in it is new: every figure is on record, or in a draft"))
	}
	if q.Source == "" {
		q.Source = q.Mapping.Source
	}
	terms, err := json.Marshal(entente.Observation{Indicator: s.Instrument, Version: version.ID, Source: q.Source, Vintage: q.Vintage})
	if err != nil {
		return nil, err
	}
	if q.Source == "" || len(q.Source) > entente.MaxSource || len(q.Vintage) > record.MaxName {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, record.Because("figures.source-long", "figures name their source in at most %d bytes and its edition in %d", entente.MaxSource, record.MaxName))
	}
	var out []*Draft
	for _, t := range figures.Tables(take) {
		rows, err := t.Encode()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		a := Act{Group: q.Group, Kind: entente.Figures, Verb: record.Report, Line: s.Line, Terms: terms, Parts: []NewPart{{Name: record.RowsPart, Content: rows, Marking: q.Marking}}}
		for l, text := range q.Note {
			if text != "" && len(out) == 0 {
				a.Parts = append(a.Parts, NewPart{Name: "body." + l, Content: []byte(text), Marking: q.Marking})
			}
		}
		d, err := n.Prepare(ctx, who, a)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, n.SaveAll(ctx, out...)
}

// SavedMapping is a mapping that an office keeps for its colleagues.
type SavedMapping struct {
	Mapping figures.Mapping `json:"mapping"`
	Office  string          `json:"office,omitempty"` // that kept it last; absent: the operator
	Time    int64           `json:"time"`
}

// Mappings are those that offices of this party keep in a group, by name. They never leave the node.
func (n *Node) Mappings(ctx context.Context, who Caller, group record.ID) ([]SavedMapping, error) {
	all, _, err := readSetting[SavedMapping](ctx, n, who, group, store.KeptMappings, "")
	return all, err
}

// Mapping finds one by its name: of those kept, else of those that come with the program.
func (n *Node) Mapping(ctx context.Context, who Caller, group record.ID, name string) (figures.Mapping, error) {
	all, err := n.Mappings(ctx, who, group)
	if err != nil {
		return figures.Mapping{}, err
	}
	for _, m := range all {
		if m.Mapping.Name == name {
			return m.Mapping, nil
		}
	}
	if m, ok := figures.Named(name); ok {
		return m, nil
	}
	return figures.Mapping{}, fmt.Errorf("mapping %.70q: %w", name, ErrNotFound)
}

// PutMapping keeps a mapping in the place of the one of its name.
func (n *Node) PutMapping(ctx context.Context, who Caller, group record.ID, m figures.Mapping) error {
	if err := m.Check(); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if _, shipped := figures.Named(m.Name); shipped || m.Name == "" {
		return fmt.Errorf("%w: %w", ErrInvalid, record.Because("mapping.name", "keep the mapping under a name of its own: %q comes with the program, or is none", m.Name))
	}
	return n.editMappings(ctx, who, group, func(all []SavedMapping) ([]SavedMapping, error) {
		all = slices.DeleteFunc(all, func(x SavedMapping) bool { return x.Mapping.Name == m.Name })
		if len(all) >= maxMappings {
			return nil, fmt.Errorf("%w: %w", ErrConflict, record.Because("mapping.many", "%d mappings are kept: drop those nobody needs", len(all)))
		}
		all = append(all, SavedMapping{m, who.Office, n.clock()})
		slices.SortFunc(all, func(a, b SavedMapping) int { return cmp.Compare(a.Mapping.Name, b.Mapping.Name) })
		return all, nil
	})
}

// DropMapping forgets one.
func (n *Node) DropMapping(ctx context.Context, who Caller, group record.ID, name string) error {
	return n.editMappings(ctx, who, group, func(all []SavedMapping) ([]SavedMapping, error) {
		left := slices.DeleteFunc(slices.Clone(all), func(x SavedMapping) bool { return x.Mapping.Name == name })
		if len(left) == len(all) {
			return nil, fmt.Errorf("mapping %.70q: %w", name, ErrNotFound)
		}
		return left, nil
	})
}

func (n *Node) editMappings(ctx context.Context, who Caller, group record.ID, edit func([]SavedMapping) ([]SavedMapping, error)) error {
	all, before, err := readSetting[SavedMapping](ctx, n, who, group, store.KeptMappings, "")
	if err != nil {
		return err
	}
	if all, err = edit(all); err != nil {
		return err
	}
	return putSetting(ctx, n, who, group, store.KeptMappings, "", all, maxMappings, before)
}
