package record

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// markingEdits changes each field of a marking once.
var markingEdits = map[string]func(*Marking){
	"TLP":          func(m *Marking) { m.TLP = Green },
	"ReleasableTo": func(m *Marking) { m.ReleasableTo = []Party{"CA", "MX", "US"} },
	"Originator":   func(m *Marking) { m.Originator = "US" },
	"Handling":     func(m *Marking) { m.Handling = "h3" },
	"National":     func(m *Marking) { m.National = "" },
	"Review":       func(m *Marking) { m.Review++ },
	"Offices":      func(m *Marking) { m.Offices = nil },
}

func TestPartOpens(t *testing.T) {
	h := fullHeader(t)
	good := map[string]Part{
		"body.en-us": {Name: "body.en-us", Salt: Salt{9}, Content: []byte("text")},
		RowsPart:     {Name: RowsPart, Salt: Salt{8}, Content: tableBytes(t, 3)},
	}
	for name, p := range good {
		if err := Open(&h, p); err != nil {
			t.Fatal(err)
		}
		for what, edit := range map[string]func(*Header, *Part){
			"group":          func(h *Header, _ *Part) { h.Group[0] ^= 1 },
			"nonce":          func(h *Header, _ *Part) { h.Nonce[0] ^= 1 },
			"name":           func(h *Header, p *Part) { p.Name = "title.en-us" },
			"renamed in all": func(h *Header, p *Part) { h.Parts[0].Name, h.Parts[1].Name, p.Name = "x", "x", "x" },
			"digest":         func(h *Header, _ *Part) { h.Parts[0].Digest[0] ^= 1; h.Parts[1].Digest[0] ^= 1 },
			"salt":           func(_ *Header, p *Part) { p.Salt[15] ^= 1 },
			"content":        func(_ *Header, p *Part) { p.Content = append([]byte{p.Content[0] ^ 1}, p.Content[1:]...) },
			"longer":         func(_ *Header, p *Part) { p.Content = append(p.Content[:len(p.Content):len(p.Content)], 0) },
			"shorter":        func(_ *Header, p *Part) { p.Content = p.Content[:len(p.Content)-1] },
			"empty":          func(_ *Header, p *Part) { p.Content = nil },
		} {
			h, p := fullHeader(t), p
			edit(&h, &p)
			if err := Open(&h, p); !errors.Is(err, ErrPart) {
				t.Errorf("%s with another %s: %v", name, what, err)
			}
		}
		fields := reflect.TypeFor[Marking]()
		for i := range fields.NumField() {
			edit := markingEdits[fields.Field(i).Name]
			if edit == nil {
				t.Fatalf("no edit of the marking's %s", fields.Field(i).Name)
			}
			h := fullHeader(t)
			edit(&h.Parts[0].Marking)
			edit(&h.Parts[1].Marking)
			if err := Open(&h, p); !errors.Is(err, ErrPart) {
				t.Errorf("%s opens with another %s: %v", name, fields.Field(i).Name, err)
			}
		}
	}
	rows := good[RowsPart]
	for what, edit := range map[string]func(*PartRef){
		"root":   func(p *PartRef) { p.Root[0] ^= 1 },
		"rows":   func(p *PartRef) { p.Rows++ },
		"length": func(p *PartRef) { p.Length++ },
	} {
		h := fullHeader(t)
		edit(&h.Parts[1])
		if err := Open(&h, rows); !errors.Is(err, ErrPart) {
			t.Errorf("rows open with another %s: %v", what, err)
		}
	}
}

func TestDescribeRefuses(t *testing.T) {
	m := Marking{TLP: Clear, Originator: "MX"}
	for what, p := range map[string]Part{
		"no name":          {},
		"a name of a path": {Name: "../etc"},
		"rows that are no": {Name: RowsPart, Content: []byte("text")},
		"too large":        {Name: "body", Content: make([]byte, MaxPart+1)},
		"rows too large":   {Name: RowsPart, Content: make([]byte, MaxPart+1)},
	} {
		if _, err := Describe(ID{}, Nonce{}, p, m); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := Describe(ID{}, Nonce{}, Part{Name: "body"}, Marking{}); !errors.Is(err, ErrFormat) {
		t.Errorf("no marking: %v", err)
	}
}

// TestErrorsKeepSecrets: an error of content that does not open must not show the content.
func TestErrorsKeepSecrets(t *testing.T) {
	const canary = "canary"
	for _, b := range [][]byte{
		mustMarshal(t, map[uint64]any{1: []string{canary}, 2: [][]string{{canary}}}),
		mustMarshal(t, map[uint64]any{1: []string{"key", canary, canary}, 2: [][]string{{canary, canary, canary}}}),
		mustMarshal(t, map[uint64]any{1: []string{"key"}, 2: [][]string{{canary}, {canary}}}),
		mustMarshal(t, map[string]any{canary: canary}),
	} {
		h := fullHeader(t)
		h.Parts[1].Length = uint64(len(b))
		err := Open(&h, Part{Name: RowsPart, Salt: Salt{8}, Content: b})
		if !errors.Is(err, ErrPart) || strings.Contains(err.Error(), canary) {
			t.Errorf("%v", err)
		}
	}
}
