package world_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"entente"
	"entente/node"
	"entente/record"
	"entente/world"
)

// onDisk searches every file of a folder for any of the canaries.
func onDisk(t *testing.T, dir string, canaries ...string) (files int) {
	t.Helper()
	ok(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		files++
		for _, c := range canaries {
			if bytes.Contains(b, []byte(c)) {
				t.Errorf("%s holds the content %s in the clear", path, c)
			}
		}
		return err
	}))
	return files
}

// marked is a part with its canary and who may hold it.
type marked struct {
	record  record.ID
	name    string
	canary  string
	author  record.Party
	may     []record.Party
	logged  bool
	offices []string
}

func TestPartsReachOnlyThoseNamed(t *testing.T) {
	wide(t)
	ctx := t.Context()
	parties := []record.Party{"CA", "MX", "US"}
	w := stage(t, parties...)
	founded(t, w, parties...)
	r := rand.New(rand.NewPCG(7, 7))
	var all []marked
	withheld, public := 0, 0
	for i := range 24 {
		author := parties[r.IntN(3)]
		parts := world.Texts(canary) // the texts themselves go to all
		var these []marked
		for k := range 1 + r.IntN(4) {
			m := record.Marking{TLP: []record.TLP{record.Green, record.Amber, record.AmberStrict, record.Red}[r.IntN(4)]}
			for _, p := range parties {
				if r.IntN(2) == 0 {
					m.ReleasableTo = append(m.ReleasableTo, p)
				}
			}
			x := marked{name: fmt.Sprintf("annex/%d", k), canary: fmt.Sprintf("%s-%d-%d-secret", canary, i, k), author: author, logged: true}
			if m.TLP == record.Red {
				m.Offices = []string{"CA/desk", "MX/minister", "US/desk"}
				if author == "MX" { // its desk signs, and so reads
					m.Offices = []string{"CA/minister", "MX/desk", "US/desk"}
				}
				x.offices = m.Offices
			}
			if r.IntN(5) == 0 {
				m = record.Marking{TLP: record.Clear, ReleasableTo: []record.Party{record.Public}}
				x.may, x.logged, x.offices = parties, false, nil
				public++
			} else {
				x.may = append(slices.Clone(m.ReleasableTo), author)
			}
			parts = append(parts, node.NewPart{Name: x.name, Content: []byte(x.canary), Marking: &m})
			these = append(these, x)
		}
		// Consent of all needs all parts: what is withheld stands in a report on a commitment instead.
		c, err := w.As(author).Commit(ctx, canary, author)
		ok(t, err)
		s, err := w.As(author).Act(ctx, node.Act{Kind: "commitment", Verb: record.Report, Instrument: c.Instrument, Version: c.ID, Line: "fuel",
			Terms: []byte(`{"progress":"under-way"}`), Parts: slices.DeleteFunc(parts, func(p node.NewPart) bool { return p.Name[:3] == "tit" })})
		ok(t, err)
		for _, x := range these {
			x.record = s.ID
			all = append(all, x)
		}
	}
	settle(t, w, parties...)
	var canaries []string
	denied, shown, logged := 0, 0, 0
	released := 0
	for i := range all { // what its originator releases goes to those named, and to nobody else
		x := &all[i]
		if !x.logged || r.IntN(2) == 0 {
			continue
		}
		var to []record.Party
		var offices []string
		for _, p := range parties {
			office := string(p) + "/desk"
			if p != x.author && !slices.Contains(x.may, p) && r.IntN(2) == 0 {
				to = append(to, p)
			}
			if x.offices != nil && !slices.Contains(x.offices, office) && (slices.Contains(to, p) || slices.Contains(x.may, p)) {
				offices = append(offices, office)
			} else if x.offices != nil && slices.Contains(to, p) {
				offices = append(offices, string(p)+"/legal")
			}
		}
		if len(to) == 0 && len(offices) == 0 {
			continue
		}
		info, err := w.As(x.author).Node.Record(ctx, desk, w.Group, x.record)
		ok(t, err)
		terms, err := json.Marshal(entente.Widening{Of: x.record, Parts: []string{x.name}, To: to, Offices: offices})
		ok(t, err)
		_, err = w.As(x.author).Act(ctx, node.Act{Kind: "commitment", Verb: record.Release, Instrument: info.Header.Instrument, Line: "fuel", Terms: terms})
		ok(t, err)
		x.may = append(x.may, to...)
		if x.offices != nil {
			x.offices = append(slices.Clone(x.offices), offices...)
		}
		released += len(to)
	}
	counted(t, "copies released", released)
	settle(t, w, parties...)
	for _, x := range all {
		canaries = append(canaries, x.canary)
		for _, p := range parties {
			before := accesses(t, w.As(p))
			got, _, err := w.As(p).Node.Part(ctx, desk, w.Group, x.record, x.name)
			info, ierr := w.As(p).Node.Record(ctx, desk, w.Group, x.record)
			ok(t, ierr)
			holds := slices.Contains(info.Held, x.name)
			if may := slices.Contains(x.may, p); holds != may {
				t.Errorf("%s of %s: held at %s: %v, may: %v", x.name, x.author, p, holds, may)
			}
			reads := slices.Contains(x.may, p) && (x.offices == nil || slices.Contains(x.offices, string(p)+"/desk"))
			after := accesses(t, w.As(p))
			switch {
			case !reads:
				if !errors.Is(err, node.ErrNotFound) {
					t.Errorf("%s of %s at %s: %v", x.name, x.author, p, err)
				}
				denied++
			case err != nil || string(got.Content) != x.canary:
				t.Errorf("%s of %s at %s: %v", x.name, x.author, p, err)
			default:
				shown++
				if x.logged != (after == before+1) {
					t.Errorf("%s at %s: %d entries in the access log, %d before", x.name, p, after, before)
				}
				if x.logged {
					logged++
				}
			}
			if !slices.Contains(x.may, p) {
				withheld++
			}
		}
	}
	for _, p := range parties {
		counted(t, "parts on one page of "+string(p), onePage(t, w.As(p), all))
	}
	counted(t, "parts withheld", withheld)
	counted(t, "reads denied", denied)
	counted(t, "parts shown", shown)
	counted(t, "reads above CLEAR logged", logged)
	counted(t, "public parts", public)
	files := 0
	for _, p := range parties {
		if a := alarms(t, w.As(p), node.AlarmUnasked); len(a) > 0 {
			t.Errorf("%d parts were sent to %s that it may not hold", len(a), p)
		}
		files += onDisk(t, w.As(p).Dir, canaries...) // while they run: database, WAL, key file
		checked(t, w.As(p))
	}
	ok(t, w.Close())
	for _, p := range parties {
		files += onDisk(t, w.As(p).Dir, canaries...)
	}
	counted(t, "files searched", files)
}

// onePage reads all these parts as one page: it shows what the parts one by one show, says of each other why not, and stands in
// the access log as one entry that names exactly what is above TLP:CLEAR.
func onePage(t *testing.T, p *world.Party, all []marked) int {
	t.Helper()
	var wants []node.Want
	for _, x := range all {
		wants = append(wants, node.Want{Group: p.W.Group, Record: x.record, Names: []string{"annex/*"}})
	}
	before := accesses(t, p)
	who := node.Caller{Office: "desk", Seat: 1, Via: "web"}
	texts, err := p.Node.Texts(t.Context(), who, "test page", wants)
	ok(t, err)
	shown, want := 0, map[string]bool{}
	for _, x := range all {
		part, has := texts[x.record].Part(x.name)
		gap := node.Gap("")
		switch {
		case !slices.Contains(x.may, p.ID):
			gap = node.GapParty
		case x.offices != nil && !slices.Contains(x.offices, string(p.ID)+"/desk"):
			gap = node.GapOffice
		case x.logged:
			want[x.record.String()+" "+x.name] = true
		}
		if has != (gap == "") || texts[x.record].Gaps[x.name] != gap || (has && string(part.Content) != x.canary) {
			t.Errorf("%s of %s at %s: shown %v, gap %q, want %q", x.name, x.author, p.ID, has, texts[x.record].Gaps[x.name], gap)
		}
		if has {
			shown++
		}
	}
	if after := accesses(t, p); after != before+1 {
		t.Errorf("%s: %d entries for one page", p.ID, after-before)
	}
	list, err := p.Node.Access(t.Context(), desk, 0, 1)
	ok(t, err)
	a := list[0].Terms.(*entente.Access)
	if a.Office != "desk" || a.Seat != 1 || a.Via != "web" || a.Page != "test page" {
		t.Errorf("%s: the entry says %+v", p.ID, a)
	}
	got := map[string]bool{}
	for _, i := range a.Items {
		for _, id := range i.Records {
			for _, name := range i.Parts {
				got[id.String()+" "+name] = i.Group == p.W.Group
			}
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("%s: the entry names %d parts, shown above CLEAR were %d", p.ID, len(got), len(want))
	}
	return shown
}

func accesses(t *testing.T, p *world.Party) int {
	t.Helper()
	list, err := p.Node.Access(t.Context(), desk, 0, 500)
	ok(t, err)
	return len(list)
}

// If the access log cannot be written nothing is shown.
func TestNoAccessLogNothingShown(t *testing.T) {
	w := stage(t, "MX", "US")
	founded(t, w, "MX", "US")
	mx := w.As("MX")
	s, err := mx.Commit(t.Context(), canary, "US")
	ok(t, err)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if parts, err := mx.Node.Parts(gone, desk, w.Group, s.ID); err == nil || parts != nil {
		t.Errorf("%d parts shown", len(parts))
	}
	before := accesses(t, mx)
	raw := rawDB(t, mx)
	_, err = raw.Exec("CREATE TRIGGER stop BEFORE INSERT ON entry WHEN NEW.kind = 'access' BEGIN SELECT RAISE(ABORT, 'no room'); END")
	ok(t, err)
	parts, err := mx.Node.Parts(t.Context(), desk, w.Group, s.ID)
	refused(t, err, "nothing is shown")
	if parts != nil {
		t.Errorf("%d parts shown", len(parts))
	}
	_, err = raw.Exec("DROP TRIGGER stop")
	ok(t, err)
	parts, err = mx.Node.Parts(t.Context(), desk, w.Group, s.ID)
	ok(t, err)
	counted(t, "parts shown once it can be written", len(parts))
	if n := accesses(t, mx); n != before+1 {
		t.Errorf("%d entries, want one more than %d", n, before)
	}
	_, err = mx.Node.Parts(t.Context(), node.Caller{Operator: true}, w.Group, s.ID)
	if !errors.Is(err, node.ErrForbidden) {
		t.Errorf("the operator reads parts: %v", err)
	}
}

// What is sent for a party is what it may hold, message by message.
func TestMessagesCarryOnlyWhatMayBeHeld(t *testing.T) {
	ctx := t.Context()
	w := stage(t, "CA", "MX", "US")
	founded(t, w, "CA", "MX", "US")
	mx := w.As("MX")
	secret := canary + "-only-us"
	c, err := mx.Commit(ctx, canary, "MX")
	ok(t, err)
	_, err = mx.Act(ctx, node.Act{Kind: "commitment", Verb: record.Report, Instrument: c.Instrument, Version: c.ID, Line: "fuel", Terms: []byte(`{"progress":"done"}`),
		Parts: []node.NewPart{{Name: "annex/x", Content: []byte(secret), Marking: &record.Marking{TLP: record.Amber, ReleasableTo: []record.Party{"US"}}}}})
	ok(t, err)
	settle(t, w, "CA", "MX", "US")
	found := map[record.Party]int{}
	for _, to := range []record.Party{"CA", "US"} {
		p, err := mx.Node.Outgoing(ctx, w.Group, to, 0)
		ok(t, err)
		for _, parts := range p.Parts {
			for _, x := range parts {
				if bytes.Contains(x.Content, []byte(secret)) {
					found[to]++
				}
			}
		}
	}
	for _, from := range []record.Party{"CA", "US"} { // what a mirror gives back, and to whom
		for _, to := range []record.Party{"CA", "US"} {
			if p, err := w.As(from).Node.Return(ctx, to, w.Group, 0); err == nil {
				for _, parts := range p.Parts {
					for _, x := range parts {
						if bytes.Contains(x.Content, []byte(secret)) {
							t.Errorf("%s gives it to %s", from, to)
						}
					}
				}
			}
		}
	}
	if found["CA"] != 0 || found["US"] != 1 {
		t.Errorf("sent: %v", found)
	}
}
