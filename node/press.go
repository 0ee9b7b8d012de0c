package node

import (
	"context"
	"fmt"
	"strings"

	"entente"
	"entente/record"
)

// NewPressLine is a line to take, or an answer for the press, as an office writes it.
type NewPressLine struct {
	Line  entente.PressLine
	Title map[string]string // by language: the subject, or the question
	Body  map[string]string // what is said
}

// NotePressLine keeps a line to take of a group in the party's group of one, or what is said in its place from now on; id is zero for
// a new one. It leaves the node in no form, and its texts are for the party's offices in that group.
func (n *Node) NotePressLine(ctx context.Context, who Caller, group, id record.ID, x NewPressLine) (*Sealed, error) {
	g, own, err := n.atHome(who, group)
	if err != nil {
		return nil, err
	}
	if !n.signsIn(g, who.Office) {
		return nil, fmt.Errorf("the office %s signs nothing in this group, so it reads lines to take and writes none: %w", who.Office, ErrForbidden)
	}
	if !id.IsZero() {
		if _, err := n.kept(ctx, who, entente.PressKind, group, id); err != nil {
			return nil, err
		}
	}
	t, texts := x.Line, map[string]string{}
	t.Group, t.By, t.Seat = group, who.Office, who.Seat
	if !t.About.IsZero() {
		if _, err := n.Instrument(ctx, who, group, t.About); err != nil {
			return nil, err
		}
	}
	for base, by := range map[string]map[string]string{"title.": x.Title, "body.": x.Body} {
		for l, s := range by {
			if s = strings.TrimSpace(s); s != "" && !t.Ended {
				texts[base+l] = s
			}
		}
	}
	return n.noteHome(ctx, g, own, entente.PressKind, id, t, who.Office, texts)
}

// PressLine reads one.
func (n *Node) PressLine(ctx context.Context, who Caller, group, id record.ID) (*Listed, error) {
	return n.kept(ctx, who, entente.PressKind, group, id)
}

// PressLines lists what the party's press offices say of a group, the newest first; about narrows it to one instrument, zero: all. An
// office that has no part in the group of one is given none.
func (n *Node) PressLines(ctx context.Context, who Caller, group, about record.ID) ([]Listed, error) {
	if _, err := n.reading(who, group); err != nil {
		return nil, err
	}
	own := n.own()
	if own == nil || n.mayAct(who, own) != nil {
		return nil, nil
	}
	q := Query{Kind: entente.PressKind, Target: group, Fact: "group", Sort: SortNewest, Limit: maxPressLines}
	p, err := n.Instruments(ctx, who, own.id, q)
	if err != nil {
		return nil, err
	}
	var out []Listed
	for _, x := range p.Items {
		if about.IsZero() || x.State.PressLine().About == about {
			out = append(out, x)
		}
	}
	return out, nil
}

// PressTexts wants the texts of lines to take.
func (n *Node) PressTexts(lines ...Listed) []Want {
	own := n.own()
	if own == nil {
		return nil
	}
	var out []Want
	for _, x := range lines {
		if id, err := record.ParseID(x.State.Fact("latest")); err == nil {
			out = append(out, Want{Group: own.id, Record: id, Names: []string{"title.*", "body.*"}})
		}
	}
	return out
}
