package demo

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
)

func groups(t *testing.T) (security, trade *Group) {
	t.Helper()
	security, err := Security()
	if err != nil {
		t.Fatal(err)
	}
	trade, err = Trade()
	if err != nil {
		t.Fatal(err)
	}
	return security, trade
}

func TestContentCoversTheStory(t *testing.T) {
	security, trade := groups(t)
	if n := len(security.Commitments); n < 14 {
		t.Errorf("security has %d commitments, want 14 or more", n)
	}
	if n := len(trade.Commitments); n < 3 {
		t.Errorf("trade has %d commitments, want 3 or more", n)
	}
	if n := len(security.Indicators); n < 8 {
		t.Errorf("%d indicators, want 8 or more", n)
	}
	if n := len(security.Decisions); n < 5 {
		t.Errorf("%d decisions, want 5 or more", n)
	}
	covered := make(map[Scenario]int)
	owed := make(map[string]int)
	for _, c := range security.Commitments {
		covered[c.Scenario]++
		owed[c.Owner.Party]++
	}
	for _, s := range Scenarios() {
		if covered[s] == 0 {
			t.Errorf("no commitment of the security group is %s", s)
		}
	}
	if owed["MX"] < 5 || owed["US"] < 5 {
		t.Errorf("owed by each side: %v, want several each", owed)
	}
	var held, coming int
	for _, m := range security.Meetings {
		if m.Day < 0 {
			held++
		} else {
			coming++
		}
	}
	if held != 2 || coming != 1 || len(trade.Meetings) != 1 {
		t.Errorf("security meetings: %d held, %d coming; trade: %d", held, coming, len(trade.Meetings))
	}
	statements := make(map[string]int)
	for _, s := range security.Statements {
		statements[s.Scenario]++
	}
	if statements["agreed"] != 1 || statements["proposed"] != 1 || statements["own"] != 2 || statements["held"] != 1 {
		t.Errorf("statements: %v", statements)
	}
	ready, remit := make(map[string]int), 0
	for _, x := range security.Press {
		if ready[x.Party]++; x.Ask != nil {
			remit++
		}
	}
	if ready["MX"] != 3 || ready["US"] != 3 || remit != 2 {
		t.Errorf("lines to take: %v, of which %d say whom to ask", ready, remit)
	}
	lines := make(map[string]bool)
	for _, l := range security.Lines {
		lines[l.Code] = true
	}
	for _, c := range security.Commitments {
		delete(lines, c.Line)
	}
	if len(lines) > 0 {
		t.Errorf("lines of effort without a commitment: %v", lines)
	}
}

func TestOfficesOfTheTracksAreApart(t *testing.T) {
	security, trade := groups(t)
	fourEyes := make(map[string]bool)
	for _, o := range security.Offices {
		fourEyes[o.Party] = fourEyes[o.Party] || o.Signatures >= 2
		if _, both := trade.Office(OfficeRef{o.Party, o.Key}); both {
			t.Errorf("%s/%s signs on both tracks", o.Party, o.Key)
		}
	}
	if !fourEyes["MX"] || !fourEyes["US"] {
		t.Errorf("an office that needs two signatures: %v", fourEyes)
	}
}

// Every figure the extracts hold is claimed by the party's entry of that indicator, in its unit, and every
// series an entry names is there.
func TestIndicatorsAndSeriesFit(t *testing.T) {
	security, _ := groups(t)
	figures, err := Figures()
	if err != nil {
		t.Fatal(err)
	}
	named := make(map[SeriesID][]string)
	for _, i := range security.Indicators {
		for _, s := range i.Sources {
			id := SeriesID{string(i.Code), s.Party}
			named[id] = s.Series
			for _, want := range s.Series {
				if !slices.ContainsFunc(figures[id], func(x Series) bool { return x.Source == want }) {
					t.Errorf("%v names source %s, which the extracts do not hold for it", id, want)
				}
			}
		}
	}
	for id, series := range figures {
		for _, s := range series {
			if !slices.Contains(named[id], s.Source) {
				t.Errorf("%v holds figures of %s, which the indicator does not name", id, s.Source)
			}
			for _, i := range security.Indicators {
				for _, r := range i.Sources {
					if string(i.Code) == id.Indicator && r.Party == id.Party && s.Figures[0].Unit != r.Unit {
						t.Errorf("%v: figures in %s, definition in %s", id, s.Figures[0].Unit, r.Unit)
					}
				}
			}
		}
	}
}

func TestBaselinesAreFiguresOrTheirSum(t *testing.T) {
	security, _ := groups(t)
	figures, err := Figures()
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, i := range security.Indicators {
		b := i.Baseline
		if b == nil || b.Illustrative {
			continue
		}
		checked++
		found, sum := false, new(big.Rat)
		for _, s := range i.Sources {
			for _, series := range figures[SeriesID{string(i.Code), s.Party}] {
				for _, f := range series.Figures {
					if f.Source != b.Source || f.Status == StatusMissing || f.Unit != i.Unit {
						continue
					}
					whole := f.Area == "MX" || f.Area == "MX-US-BORDER" // not one state of many
					if whole && f.Start == b.Start && f.End == b.End && f.Value == b.Value {
						found = true
					}
					if f.Start >= b.Start && f.End <= b.End {
						sum.Add(sum, rat(t, f.Value))
					}
				}
			}
		}
		if b.Of == "figure" && !found {
			t.Errorf("%s: no figure of %s is %s", i.Code, b.Source, b.Value)
		}
		if b.Of == "sum" && sum.Cmp(rat(t, b.Value)) != 0 {
			t.Errorf("%s: figures of %s add to %s, baseline says %s", i.Code, b.Source, sum.FloatString(20), b.Value)
		}
	}
	if checked < 8 {
		t.Errorf("%d baselines from a source, want 8 or more", checked)
	}
}

func rat(t *testing.T, s string) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("%q is not a number", s)
	}
	return r
}

// Each change of the content is one that Validate must refuse, with a word of the reason.
func TestValidateRefuses(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*Group)
		want   string
	}{
		{"language missing", func(g *Group) { g.Purpose.Es = "" }, "language is missing"},
		{"languages equal", func(g *Group) { g.Decisions[0].Title.Es = g.Decisions[0].Title.En }, "both languages"},
		{"no notice", func(g *Group) { g.Commitments[0].Body.Es = "Se tendrá por cumplido cuando termine." }, "illustrative"},
		{"not marked illustrative", func(g *Group) { g.Illustrative = false }, "must say so"},
		{"unknown owner", func(g *Group) { g.Commitments[0].Owner.Office = "nobody" }, "may not sign"},
		{"owner of another line", func(g *Group) { g.Commitments[0].Owner.Office = "line-lead-fuel" }, "may not sign"},
		{"own verifier", func(g *Group) { g.Commitments[0].Verifier = g.Commitments[0].Owner }, "verifies itself"},
		{"dangling objective", func(g *Group) { g.Commitments[0].Objective = "o-none" }, "objective"},
		{"dangling indicator", func(g *Group) { g.Commitments[0].Indicator = "none" }, "indicator"},
		{"dangling decision", func(g *Group) { g.Commitments[0].Decision = "d-none" }, "does not give it"},
		{"dangling agenda", func(g *Group) { g.Meetings[1].Agenda[0].Carries[0] = "c-none" }, "no commitment open"},
		{"dangling gift", func(g *Group) { g.Decisions[0].Gives[0] = "c-none" }, "does not name it"},
		{"act that does not fit", func(g *Group) { g.Commitments[0].Report = g.Commitments[1].Report }, "do not agree"},
		{"scenario without its act", func(g *Group) { g.Commitments[0].Scenario = Verified }, "do not agree"},
		{"unknown scenario", func(g *Group) { g.Commitments[0].Scenario = "won" }, "scenario"},
		{"settled and late", func(g *Group) { g.Commitments[0].Due = -1 }, "due on"},
		{"key twice", func(g *Group) { g.Commitments[1].Key = g.Commitments[0].Key }, "is a commitment already"},
		{"real target", func(g *Group) {
			for i := range g.Indicators {
				if g.Indicators[i].Target != nil {
					g.Indicators[i].Target.Illustrative = false
				}
			}
		}, "target"},
		{"party not mentioned", func(g *Group) { g.Indicators[0].Sources = g.Indicators[0].Sources[:1] }, "not mentioned"},
		{"too many signatures", func(g *Group) { g.Offices[0].Signatures = 9 }, "signatures of"},
		{"nobody may sign", func(g *Group) {
			for i := range g.Offices {
				g.Offices[i].Kinds = slices.DeleteFunc(g.Offices[i].Kinds, func(k string) bool { return k == "statement" })
			}
		}, "may sign statement"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g, err := Security()
			if err != nil {
				t.Fatal(err)
			}
			tc.change(g)
			err = g.Validate()
			if !errors.Is(err, ErrContent) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestDecodeIsStrict(t *testing.T) {
	b, err := contentFiles.ReadFile("content/trade.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{
		"unknown field": bytes.Replace(b, []byte(`"key": "trade"`), []byte(`"key": "trade", "person": "x"`), 1),
		"text after":    append(bytes.Clone(b), "{}"...),
		"cut":           b[:len(b)/2],
		"empty":         []byte("{}"),
	} {
		if _, err := decodeGroup(bad); !errors.Is(err, ErrContent) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	g, err := decodeGroup(b)
	if err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decodeGroup(again); err != nil {
		t.Errorf("what was read does not read again: %v", err)
	}
}

func TestTextIn(t *testing.T) {
	x := Text{En: "a", Es: "b"}
	if x.In("en") != "a" || x.In("es") != "b" || x.In("fr") != "" {
		t.Errorf("%q %q %q", x.In("en"), x.In("es"), x.In("fr"))
	}
}
