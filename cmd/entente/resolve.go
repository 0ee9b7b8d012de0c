package main

import (
	"errors"
	"fmt"
	"strings"

	"entente"
	"entente/api"
	"entente/node"
	"entente/record"
)

const (
	minPrefix = 6
	pageSize  = 500
)

// group finds the group a command is about: by id, by prefix, by track; not named: the only joint one.
func (s *session) group(a *app, name string) (node.GroupInfo, error) {
	all, err := s.Groups(a.ctx)
	if err != nil {
		return node.GroupInfo{}, err
	}
	var found []node.GroupInfo
	for _, g := range all {
		switch {
		case name == "" && !g.Own, name != "" && g.Founding.Track == name, len(name) >= minPrefix && strings.HasPrefix(g.ID.String(), strings.ToLower(name)):
			found = append(found, g)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		var names []string
		for _, g := range found {
			names = append(names, g.Founding.Track+" "+g.ID.Short())
		}
		return node.GroupInfo{}, hint(fmt.Errorf("%d groups fit: %s", len(found), strings.Join(names, ", ")), "name one with --group")
	case name == "":
		return node.GroupInfo{}, hint(errors.New("there is no joint group that this office has a part in"), "entente group found joins one; --group own is the party's own; --as OFFICE chooses another office")
	}
	return node.GroupInfo{}, hint(fmt.Errorf("no group %q is known to this office", name), "entente groups lists them")
}

// target is what an id stands for.
type target struct {
	ID         record.ID
	Instrument record.ID
	Kind       string
	State      *entente.State
}

// find completes an id within a group. A prefix is looked for among the ids that the states of instruments name.
func (s *session) find(a *app, g record.ID, name string) (target, error) {
	name = strings.ToLower(name)
	if len(name) == 64 {
		id, err := record.ParseID(name)
		if err != nil {
			return target{}, usage("%w", err)
		}
		return s.exact(a, g, id)
	}
	if len(name) < minPrefix || strings.Trim(name, "0123456789abcdef") != "" {
		return target{}, usage("id %q: write at least %d of its hex digits", name, minPrefix)
	}
	found := map[record.ID]target{}
	f := node.Query{Limit: pageSize}
	for {
		page, err := s.Instruments(a.ctx, g, f)
		if err != nil {
			return target{}, err
		}
		for _, x := range page.Items {
			for _, id := range idsOf(x.State) {
				if strings.HasPrefix(id.String(), name) {
					found[id] = target{id, x.State.Instrument, x.State.Kind, x.State}
				}
			}
		}
		if f.Cursor = page.Next; f.Cursor == "" {
			break
		}
	}
	if len(found) > 1 {
		return target{}, hint(fmt.Errorf("%d ids begin with %s", len(found), name), "write more of its digits")
	}
	for _, t := range found {
		return t, nil
	}
	return target{}, hint(fmt.Errorf("nothing with an id that begins with %s is known to this office", name), "entente list names the instruments; write a record's id in full where it is not named there")
}

func (s *session) exact(a *app, g, id record.ID) (target, error) {
	t := target{ID: id, Instrument: id}
	r, err := s.Record(a.ctx, g, id)
	if err == nil {
		t.Kind = r.Header.Kind
		if !r.Header.Instrument.IsZero() {
			t.Instrument = r.Header.Instrument
		}
	} else if !errors.Is(err, node.ErrNotFound) {
		return t, err
	}
	i, err := s.Instrument(a.ctx, g, t.Instrument)
	if err == nil {
		t.Kind, t.State = i.State.Kind, i.State
	} else if t.Kind != "" && errors.Is(err, node.ErrNotFound) {
		err = nil // held back, or of a silent kind
	}
	return t, err
}

func idsOf(s *entente.State) []record.ID {
	out := []record.ID{s.Instrument}
	for _, v := range s.Versions {
		out = append(out, v.ID)
	}
	for _, r := range s.Reports {
		out = append(out, r.ID)
	}
	for _, r := range s.Replies {
		out = append(out, r.ID)
	}
	for _, r := range s.Recalls {
		out = append(out, r.ID)
	}
	for _, r := range s.Rejected {
		out = append(out, r.ID)
	}
	return out
}

// nonce completes the name of a draft.
func (s *session) draft(a *app, g record.ID, name string) (api.Draft, error) {
	all, err := s.Drafts(a.ctx, g)
	if err != nil {
		return api.Draft{}, err
	}
	var found []api.Draft
	for _, d := range all {
		if len(name) >= minPrefix && strings.HasPrefix(d.Nonce.String(), strings.ToLower(name)) {
			found = append(found, d)
		}
	}
	if len(found) == 1 {
		return s.Draft(a.ctx, g, found[0].Nonce)
	}
	return api.Draft{}, hint(fmt.Errorf("%d drafts have a name that begins with %q", len(found), name), "entente drafts lists them; write at least %d digits", minPrefix)
}
