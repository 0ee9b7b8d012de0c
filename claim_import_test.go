package entente_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entente"
	"entente/progress"
	"entente/record"
)

var bothParties = []record.Party{"MX", "US"}

func TestClaimsOfAFile(t *testing.T) {
	got, err := entente.ParseClaims([]byte(`{"seed":"x","claims":[
	{"id":"a","party":"MX","value":-32,"unit":"percent","direction":"decrease","quote":"a 32% decline","office":"President","indicator":"files","period_note":"not stated","source_outlet":"El País"},
	{"id":"b","party":"media","value":60.50,"unit":"kg","direction":"level","period":"since 2024-10-01","quote":"60.50 kg","office":"The Times"},
	{"id":"c","value":null,"direction":"record high","quote":"record seizures","office":"x","period":"2025-01-01/2026-01-01","said":"2026-02-01"},
	{"id":"d","value":12,"unit":"percent","direction":"decrease","quote":"a fall of 12%","office":"x","base":"2024-01-01/2025-01-01"},
	{"id":"e","value":null,"direction":"regular","quote":"will meet regularly","office":"x"},
	{"id":"f","value":1e3,"direction":"level","quote":"x","office":""},
	{"id":"g","value":1,"quote":"","office":"x","said":"yesterday"}]}`), bothParties)
	if err != nil || len(got) != 7 {
		t.Fatal(got, err)
	}
	for i, want := range []struct {
		form       progress.ClaimForm
		value      string
		side       record.Party
		start, end bool
		refused    int
	}{{progress.ClaimPercent, "-32", "MX", false, false, 0}, {progress.ClaimValue, "60.50", "", true, false, 0}, {progress.ClaimHighest, "", "", true, true, 0}, {progress.ClaimPercent, "-12", "", false, false, 0},
		{"", "", "", false, false, 0}, {progress.ClaimValue, "1e3", "", false, false, 2}, {progress.ClaimValue, "1", "", false, false, 2}} {
		c := got[i].Claim
		if c.Form != want.form || string(c.Value) != want.value || c.Side != want.side || (c.Start != 0) != want.start || (c.End != 0) != want.end || len(got[i].Refused) != want.refused {
			t.Errorf("%s: %+v", got[i].ID, got[i])
		}
	}
	if got[0].Indicator != "files" || got[0].Claim.Outlet != "El País" || got[0].Claim.Note != "not stated" || got[3].Claim.BaseEnd == 0 || got[2].Claim.Said == 0 {
		t.Errorf("%+v", got)
	}
	for _, bad := range []string{"", "{}", "[]", `{"claims":{}}`, "quote,office\nx,y", strings.Repeat(" ", entente.MaxClaimsFile+1), "[" + strings.Repeat("{},", 1000) + "{}]"} {
		if _, err := entente.ParseClaims([]byte(bad), bothParties); err == nil {
			t.Errorf("%.40q was read", bad)
		}
	}
}

// The ten claims of the data go in as they are.
func TestTheTenClaimsGoIn(t *testing.T) {
	dir := os.Getenv("ENTENTE_DATA")
	if dir == "" {
		dir = filepath.Join("..", "shared", "data")
	}
	b, err := os.ReadFile(filepath.Join(dir, "claims.json"))
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("claims.json is not here; set ENTENTE_DATA to its folder")
	}
	got, err := entente.ParseClaims(b, bothParties)
	if err != nil || len(got) != 10 {
		t.Fatal(len(got), err)
	}
	forms := []progress.ClaimForm{progress.ClaimValue, progress.ClaimPercent, progress.ClaimHighest, progress.ClaimPercent, progress.ClaimValue, progress.ClaimValue, progress.ClaimValue, progress.ClaimValue, progress.ClaimHighest, ""}
	for i, c := range got {
		if len(c.Refused) > 0 || c.Claim.Form != forms[i] {
			t.Errorf("%s: %s %v", c.ID, c.Claim.Form, c.Refused)
		}
	}
}

func FuzzClaims(f *testing.F) {
	f.Add([]byte(`[{"quote":"a","office":"b","value":1,"direction":"increase"}]`))
	f.Add([]byte(`{"claims":[{"quote":"a","office":"b","value":-1.50,"unit":"percent","direction":"decrease","period":"since 2024-10-01","base":"2024-01-01/2025-01-01","said":"2025-01-01"}]}`))
	f.Add([]byte(`[{"quote":"\u0000","office":null,"link":"javascript:x"}]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := entente.ParseClaims(b, bothParties)
		if err != nil {
			return
		}
		for _, c := range got {
			if len(c.Refused) == 0 && (entente.ValidQuote(c.Quote) != nil || c.Claim.Value != "" && !c.Claim.Value.Valid()) {
				t.Errorf("taken: %+v", c)
			}
		}
	})
}
