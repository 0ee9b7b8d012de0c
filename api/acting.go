package api

import (
	"context"
	"fmt"

	"entente/node"
	"entente/record"
)

type inNewDraft struct {
	InGroup
	Body NewAct
}

func (a *API) newDraft(ctx context.Context, in *inNewDraft) (*body[Draft], error) {
	act, err := actOf(in.Group, in.Body)
	if err != nil {
		return nil, err
	}
	d, err := a.node.Prepare(ctx, caller(ctx), act)
	if err != nil {
		return nil, err
	}
	if err := a.node.Save(ctx, d); err != nil {
		return nil, err
	}
	return ok(a.oneDraft(ctx, d))
}

// actOf reads a request into the node's form. Parts come as text, bytes or a table.
func actOf(group record.ID, b NewAct) (node.Act, error) {
	act := node.Act{Group: group, Kind: b.Kind, Verb: b.Verb, Instrument: b.Instrument, Version: b.Version, Replaces: b.Replaces, Until: b.Until,
		Participants: b.Participants, Line: b.Line, Nature: b.Nature, Terms: b.Terms}
	for _, p := range b.Parts {
		x := node.NewPart{Name: p.Name, Content: p.Content}
		given := 0
		if p.Content != nil {
			given++
		}
		if p.Text != "" {
			x.Content = []byte(p.Text)
			given++
		}
		if p.Table != nil {
			content, err := record.Table{Columns: p.Table.Columns, Rows: p.Table.Rows}.Encode()
			if err != nil {
				return act, fmt.Errorf("part %.70q: %w: %w", p.Name, node.ErrInvalid, err)
			}
			x.Content = content
			given++
		}
		if given > 1 {
			return act, fmt.Errorf("part %.70q: %w: give one of text, content and table", p.Name, node.ErrInvalid)
		}
		if m := p.Marking; m != nil {
			x.Marking = &record.Marking{TLP: m.TLP, ReleasableTo: m.ReleasableTo, Handling: m.Handling, National: m.National, Review: m.Review, Offices: m.Offices}
		}
		act.Parts = append(act.Parts, x)
	}
	return act, nil
}

func (a *API) draftOf(d *node.Draft) (Draft, error) {
	encoded, err := record.Marshal(d.Header)
	if err != nil {
		return Draft{}, err
	}
	terms, err := a.node.Kinds().DecodeTerms(d.Header)
	if err != nil {
		return Draft{}, err
	}
	return Draft{d.Act, d.Nonce, d.Header.Party, d.Office, d.Created, headerOf(d.Header, terms), encoded, said(d.Missing), d.Uncleared, nil}, nil
}

// oneDraft is a draft by itself: with who gets more by it.
func (a *API) oneDraft(ctx context.Context, d *node.Draft) (Draft, error) {
	out, err := a.draftOf(d)
	if err == nil {
		out.Widens, err = a.node.Widens(ctx, caller(ctx), d)
	}
	return out, err
}

func (a *API) drafts(ctx context.Context, in *InGroup) (*body[[]Draft], error) {
	ds, err := a.node.Drafts(ctx, caller(ctx), in.Group)
	if err != nil {
		return nil, err
	}
	out := make([]Draft, len(ds))
	for i, d := range ds {
		if out[i], err = a.draftOf(d); err != nil {
			return nil, err
		}
	}
	return list(out, nil)
}

func (a *API) draft(ctx context.Context, in *InDraft) (*body[Draft], error) {
	d, err := a.node.GroupDraft(ctx, caller(ctx), in.Group, in.Nonce)
	if err != nil {
		return nil, err
	}
	return ok(a.oneDraft(ctx, d))
}

func (a *API) draftParts(ctx context.Context, in *InDraft) (*body[[]DraftPart], error) {
	parts, err := a.node.DraftParts(ctx, caller(ctx), in.Group, in.Nonce)
	if err != nil {
		return nil, err
	}
	out := make([]DraftPart, len(parts))
	for i, p := range parts {
		out[i] = DraftPart{partOf(p.Part, p.Marking), p.Content, p.Salt[:]}
	}
	return list(out, nil)
}

func (a *API) dropDraft(ctx context.Context, in *InDraft) (*none, error) {
	if _, err := a.node.GroupDraft(ctx, caller(ctx), in.Group, in.Nonce); err != nil {
		return nil, err
	}
	return &none{}, a.node.Drop(ctx, caller(ctx), in.Nonce)
}

type inApprovals struct {
	InDraft
	Body struct {
		Approvals       []record.Approval `json:"approvals" minItems:"1" maxItems:"16"`
		ConfirmWidening bool              `json:"confirm_widening,omitempty" doc:"the signers know who gets more by the act than before (widens of the draft), and mean it; without it such an act is refused"`
	}
}

func (a *API) approve(ctx context.Context, in *inApprovals) (*body[Progress], error) {
	d, s, err := a.node.AddApprovals(ctx, caller(ctx), in.Group, in.Nonce, in.Body.Approvals, in.Body.ConfirmWidening)
	if err != nil || s != nil {
		return ok(Progress{Sealed: s}, err)
	}
	x, err := a.oneDraft(ctx, d)
	return ok(Progress{Draft: &x}, err)
}

// said are sentences in English.
func said(why []record.Why) []string {
	var out []string
	for _, w := range why {
		out = append(out, w.Text)
	}
	return out
}
