package web_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"entente"
	"entente/node"
)

// messages reads every locale file of a language.
func messages(t *testing.T, tag string) map[string]any {
	t.Helper()
	out := map[string]any{}
	files, err := filepath.Glob("locale/*." + tag + ".json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no messages in %s: %v", tag, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		m := map[string]any{}
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		for k, v := range m {
			if _, double := out[k]; double {
				t.Errorf("%s: the message %s stands in another file too", f, k)
			}
			out[k] = v
		}
	}
	return out
}

var placeholder = regexp.MustCompile(`{{\.(\w+)}}`)

// English and Spanish are equal: every message in both, with the same placeholders and plurals.
func TestNoMessageIsMissing(t *testing.T) {
	en, es := messages(t, "en-US"), messages(t, "es-MX")
	for _, k := range slices.Sorted(maps.Keys(en)) {
		if es[k] == nil {
			t.Errorf("%s is missing in Spanish", k)
			continue
		}
		a, b := forms(en[k]), forms(es[k])
		if strings.Join(names(a), " ") != strings.Join(names(b), " ") {
			t.Errorf("%s: placeholders differ: %v and %v", k, a, b)
		}
	}
	for k := range es {
		if en[k] == nil {
			t.Errorf("%s is missing in English", k)
		}
	}
	if len(en) < 100 {
		t.Errorf("%d messages: this test reads the wrong files", len(en))
	}
}

func forms(v any) []string {
	switch x := v.(type) {
	case string:
		return []string{x}
	case map[string]any:
		var out []string
		for _, k := range slices.Sorted(maps.Keys(x)) {
			out = append(out, x[k].(string))
		}
		return out
	}
	return nil
}

func names(forms []string) []string {
	set := map[string]bool{}
	for _, f := range forms {
		for _, m := range placeholder.FindAllStringSubmatch(f, -1) {
			set[m[1]] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

var (
	used    = regexp.MustCompile(`\bt "([^"]+)"`)
	usedGo  = regexp.MustCompile(`\bt\("([^"]+)"`)
	markup  = regexp.MustCompile(`(?s)<[^>]*>`)
	actions = regexp.MustCompile(`(?s){{.*?}}`)
	letters = regexp.MustCompile(`\pL{2,}`)
)

// Every key that a template or a handler names has its message; templates hold no words of their own.
func TestTemplatesSpeakByMessages(t *testing.T) {
	en := messages(t, "en-US")
	files, _ := filepath.Glob("templates/*.html")
	code, _ := filepath.Glob("*.go")
	n := 0
	for _, f := range append(files, code...) {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		find := used
		if strings.HasSuffix(f, ".go") {
			find = usedGo
		}
		for _, m := range find.FindAllStringSubmatch(string(b), -1) {
			n++
			if en[m[1]] == nil && !strings.HasSuffix(m[1], ".") {
				t.Errorf("%s: no message %s", f, m[1])
			}
		}
		if find != used {
			continue
		}
		plain := strings.ReplaceAll(markup.ReplaceAllString(actions.ReplaceAllString(string(b), ""), " "), "Entente", "")
		if w := letters.FindAllString(plain, -1); len(w) > 0 {
			t.Errorf("%s has words of its own: %q", f, w)
		}
	}
	if n < 50 {
		t.Errorf("%d uses of messages found", n)
	}
}

// What the rules name has its words, whether or not the example group comes to it.
func TestWhatTheRulesNameHasWords(t *testing.T) {
	en := messages(t, "en-US")
	want := func(key string) {
		if en[key] == nil {
			t.Errorf("no message %s", key)
		}
	}
	for _, r := range entente.AttentionReasons {
		want("attention." + string(r))
	}
	for _, s := range entente.Stances {
		want("stance." + string(s))
	}
	for name, k := range entente.Standard() {
		if !k.Home && !k.Silent {
			want("kind." + name)
			want("kind." + name + ".many")
		}
		for v := range k.Verbs {
			want("verb." + string(v))
			want("did." + string(v))
			want("follows." + string(v))
		}
	}
	for _, p := range []entente.Phase{entente.PhaseProposed, entente.PhaseWithdrawn, entente.PhaseLapsed, entente.PhaseInForce, entente.PhaseEnded,
		entente.PhaseRecorded, entente.PhaseRejected} {
		want("phase." + string(p))
	}
	for _, c := range []string{entente.ReasonSequence, entente.ReasonCharter, entente.ReasonKind, entente.ReasonTerms, entente.ReasonReference,
		entente.ReasonParties, entente.ReasonParts, entente.ReasonApproval, entente.ReasonNonce, node.ReasonClearance, node.ReasonHeld} {
		want("reason." + c)
	}
}
