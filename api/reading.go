package api

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"entente"
	"entente/node"
	"entente/progress"
	"entente/record"
	"entente/store"
)

type none struct{}

type body[T any] struct{ Body T }

// InGroup, InRecord and InDraft are the paths that routes share; exported because huma reads embedded fields only then.
type InGroup struct {
	Group record.ID `path:"group" doc:"id of the group"`
}

// InRecord is the path of an instrument or record.
type InRecord struct {
	InGroup
	ID record.ID `path:"id" doc:"id of the instrument or record"`
}

// InDraft is the path of a draft.
type InDraft struct {
	InGroup
	Nonce record.Nonce `path:"nonce" doc:"names the draft, 32 hex digits"`
}

func ok[T any](v T, err error) (*body[T], error) {
	if err != nil {
		return nil, err
	}
	return &body[T]{v}, nil
}

// list answers an empty list as [], never as null.
func list[T any](v []T, err error) (*body[[]T], error) {
	if v == nil {
		v = []T{}
	}
	return ok(v, err)
}

func (a *API) describe(context.Context, *none) (*body[Node], error) {
	c := a.node.Config()
	return ok(Node{c.Party, c.Names, c.Address, a.origin, a.node.Now(), a.node.Kinds().Names(), a.node.PublicKeys()}, nil)
}

func (a *API) groups(ctx context.Context, _ *none) (*body[[]node.GroupInfo], error) {
	return list(a.node.Groups(ctx, caller(ctx)), nil)
}

func (a *API) group(ctx context.Context, in *InGroup) (*body[*node.GroupInfo], error) {
	return ok(a.node.Group(ctx, caller(ctx), in.Group))
}

func (a *API) charter(ctx context.Context, in *InGroup) (*body[Charter], error) {
	l, err := a.ledger(ctx, in.Group)
	if err != nil {
		return nil, err
	}
	id, c := l.Charter()
	return ok(Charter{in.Group, l.Founding(), id, c}, nil)
}

func (a *API) powers(ctx context.Context, in *InGroup) (*body[map[record.Party]*entente.Powers], error) {
	l, err := a.ledger(ctx, in.Group)
	if err != nil {
		return nil, err
	}
	out := map[record.Party]*entente.Powers{}
	for _, p := range l.Parties() {
		if s := l.Ring(p).Spans(); len(s) > 0 {
			out[p] = s[len(s)-1].Powers
		}
	}
	return ok(out, nil)
}

// ledger reads a group's charters and powers after the gate has let the caller into the group.
func (a *API) ledger(ctx context.Context, group record.ID) (*entente.Ledger, error) {
	if _, err := a.node.Group(ctx, caller(ctx), group); err != nil {
		return nil, err
	}
	return a.node.Ledger(group)
}

func (a *API) state(ctx context.Context, in *InGroup) (*body[*node.StateWord], error) {
	if _, err := a.node.Group(ctx, caller(ctx), in.Group); err != nil {
		return nil, err
	}
	return ok(a.node.State(ctx, in.Group))
}

type inInstruments struct {
	InGroup
	Kind      string    `query:"kind"`
	Line      string    `query:"line"`
	Owner     string    `query:"owner" doc:"a party"`
	Phase     string    `query:"phase" doc:"proposed, withdrawn, lapsed, in-force, ended, recorded or rejected"`
	Progress  string    `query:"progress" enum:"owed,done,verified" doc:"how far what was promised has come"`
	DueFrom   int64     `query:"due_from" minimum:"0" doc:"Unix seconds"`
	DueBefore int64     `query:"due_before" minimum:"0" doc:"Unix seconds"`
	Overdue   bool      `query:"overdue"`
	Changed   int64     `query:"changed" minimum:"0" doc:"a record of it since then, Unix seconds; needs a kind"`
	Target    record.ID `query:"target" doc:"names that record: the commitments of a decision, the observations of an indicator"`
	Fact      string    `query:"fact" doc:"by the fact of that name"`
	Sort      string    `query:"sort" enum:"opened,newest,due,latest,changed" default:"opened" doc:"oldest first, newest first, nearest date first, latest date first, last change first; the last three need a kind or a target"`
	Cursor    string    `query:"cursor" doc:"next or prev of the page before"`
	Limit     int       `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

func (a *API) instruments(ctx context.Context, in *inInstruments) (*body[*node.Page], error) {
	q := node.Query{Kind: in.Kind, Line: in.Line, Owner: record.Party(in.Owner), Phase: entente.Phase(in.Phase), Progress: node.Progress(in.Progress),
		DueFrom: in.DueFrom, DueBefore: in.DueBefore, Overdue: in.Overdue, Changed: in.Changed, Target: in.Target, Fact: in.Fact, Sort: node.Sort(in.Sort),
		Cursor: node.Cursor(in.Cursor), Limit: in.Limit}
	return ok(a.node.Instruments(ctx, caller(ctx), in.Group, q))
}

// cursor is opaque to clients; zero is the end.
func cursor(at int64) string {
	if at == 0 {
		return ""
	}
	return "c" + strconv.FormatInt(at, 36)
}

func parseCursor(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	at, err := strconv.ParseInt(strings.TrimPrefix(s, "c"), 36, 64)
	if err != nil || cursor(at) != s {
		return 0, fmt.Errorf("cursor: %w: use next of the page before", node.ErrInvalid)
	}
	return at, nil
}

type inInstrument struct {
	InRecord
	Before string `query:"before" maxLength:"448" doc:"earlier of the page before: the records before those"`
}

func (a *API) instrument(ctx context.Context, in *inInstrument) (*body[Instrument], error) {
	d, err := a.node.InstrumentBefore(ctx, caller(ctx), in.Group, in.ID, node.Cursor(in.Before))
	if err != nil {
		return nil, err
	}
	return ok(Instrument{d.Listed, recordsOf(d.Records), d.Earlier}, nil)
}

type inProgress struct {
	InRecord
	Area      string `query:"area" doc:"only this area; absent: all together"`
	Breakdown string `query:"breakdown" doc:"only this disaggregation; absent: all together"`
	Period    string `query:"period" enum:"month,quarter,year,cumulative,irregular" doc:"absent: the latest reported"`
}

func (a *API) progress(ctx context.Context, in *inProgress) (*body[[]progress.Result], error) {
	return list(a.node.Progress(ctx, caller(ctx), in.Group, in.ID, progress.Choice{Area: in.Area, Disaggregation: in.Breakdown, Span: progress.Span(in.Period)}))
}

type inLine struct {
	InGroup
	Line string `query:"line" doc:"a line of effort; absent: all"`
}

func (a *API) standings(ctx context.Context, in *inLine) (*body[[]node.Standing], error) {
	return list(a.node.Standings(ctx, caller(ctx), in.Group, in.Line))
}

func (a *API) checklist(ctx context.Context, in *inLine) (*body[[]node.ObjectiveCheck], error) {
	return list(a.node.Checklist(ctx, caller(ctx), in.Group, in.Line))
}

func (a *API) record(ctx context.Context, in *InRecord) (*body[Record], error) {
	r, err := a.node.Record(ctx, caller(ctx), in.Group, in.ID)
	if err != nil {
		return nil, err
	}
	return ok(recordOf(*r), nil)
}

type inPart struct {
	InRecord
	Name   string `path:"name" doc:"name of the part, a slash in it written %2F"`
	Format string `query:"format" enum:"json,raw,csv" default:"json"`
}

// file is an answer that is not JSON.
type file struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (a *API) part(ctx context.Context, in *inPart) (*file, error) {
	p, m, err := a.node.Part(ctx, caller(ctx), in.Group, in.ID, in.Name)
	if err != nil {
		return nil, err
	}
	switch in.Format {
	case "raw":
		return &file{"application/octet-stream", "attachment", p.Content}, nil
	case "csv":
		b, err := csvOf(p)
		return &file{"text/csv; charset=utf-8", `attachment; filename="rows.csv"`, b}, err
	}
	b, err := json.Marshal(partOf(p, m))
	return &file{"application/json", "inline", b}, err
}

func (a *API) parts(ctx context.Context, in *InRecord) (*body[[]Part], error) {
	ps, err := a.node.Parts(ctx, caller(ctx), in.Group, in.ID)
	out := make([]Part, len(ps))
	for i, p := range ps {
		out[i] = partOf(p.Part, p.Marking)
	}
	return list(out, err)
}

func partOf(p record.Part, m record.Marking) Part {
	out := Part{Name: p.Name, Marking: m, Length: len(p.Content)}
	if p.Name == record.RowsPart {
		if t, err := record.ParseTable(p.Content); err == nil {
			out.Table = &Table{t.Columns, t.Rows}
			return out
		}
	}
	if utf8.Valid(p.Content) {
		out.Text = string(p.Content)
	} else {
		out.Content = p.Content
	}
	return out
}

func csvOf(p record.Part) ([]byte, error) {
	if p.Name != record.RowsPart {
		return nil, fmt.Errorf("format csv: %w: only the part %s is a table", node.ErrInvalid, record.RowsPart)
	}
	t, err := record.ParseTable(p.Content)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(append([][]string{t.Columns}, t.Rows...)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

type inEvidence struct {
	InRecord
	Parts []string `query:"parts" doc:"names of parts to show; absent: all that this office may read; - alone: none"`
}

func (a *API) evidence(ctx context.Context, in *inEvidence) (*file, error) {
	return evidenceFile(in.ID)(a.node.Evidence(ctx, caller(ctx), in.Group, in.ID, in.Parts))
}

type inPinned struct {
	InRecord
	Body struct {
		Parts []string `json:"parts,omitempty" doc:"as the query of GET"`
		Pins  [][]byte `json:"pins" maxItems:"16" doc:"signed checkpoints that an auditor trusts already"`
	}
}

func (a *API) evidencePinned(ctx context.Context, in *inPinned) (*file, error) {
	return evidenceFile(in.ID)(a.node.EvidencePinned(ctx, caller(ctx), in.Group, in.ID, in.Body.Parts, in.Body.Pins))
}

func evidenceFile(id record.ID) func([]byte, error) (*file, error) {
	return func(b []byte, err error) (*file, error) {
		if err != nil {
			return nil, err
		}
		return &file{"application/octet-stream", fmt.Sprintf(`attachment; filename="%s.evidence"`, id.Short()), b}, nil
	}
}

func (a *API) alarms(ctx context.Context, in *InGroup) (*body[[]store.Alarm], error) {
	return list(a.node.Alarms(ctx, caller(ctx), in.Group))
}

func (a *API) peers(ctx context.Context, _ *none) (*body[[]node.PeerInfo], error) {
	return list(a.node.PeerList(ctx, caller(ctx)))
}

type inAccess struct {
	Cursor string `query:"cursor" doc:"next of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

type inReview struct {
	Office  string `query:"office" maxLength:"70"`
	From    int64  `query:"from" minimum:"0" doc:"Unix seconds"`
	Until   int64  `query:"until" minimum:"0" doc:"Unix seconds, exclusive"`
	Unusual bool   `query:"unusual" doc:"only what is unusual: hour, link, remit, volume; hours in UTC"`
	Cursor  string `query:"cursor" doc:"next of the page before"`
	Limit   int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

func (a *API) review(ctx context.Context, in *inReview) (*body[*node.AccessPage], error) {
	return ok(a.node.Review(ctx, caller(ctx), node.AccessQuery{Office: in.Office, From: in.From, Until: in.Until, Unusual: in.Unusual, Cursor: node.Cursor(in.Cursor), Limit: in.Limit}))
}

func (a *API) access(ctx context.Context, in *inAccess) (*body[Records], error) {
	before, err := parseCursor(in.Cursor)
	if err != nil || before < 0 {
		return nil, fmt.Errorf("cursor: %w", node.ErrInvalid)
	}
	items, err := a.node.Access(ctx, caller(ctx), uint64(before), in.Limit)
	if err != nil {
		return nil, err
	}
	next := int64(0)
	if len(items) == in.Limit {
		next = int64(items[len(items)-1].Header.Index)
	}
	return ok(Records{recordsOf(items), cursor(next)}, nil)
}
