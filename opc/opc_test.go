package opc

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

var limits = Limits{File: 4 << 20, Entries: 10, Unpacked: 8 << 20, Ratio: 100, Token: 1000, Depth: 8}

type part struct{ name, content string }

func pack(t testing.TB, parts ...part) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range parts {
		w, err := z.Create(p.name)
		if err == nil {
			_, err = io.WriteString(w, p.content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func openBytes(b []byte) (*Package, error) { return Open(bytes.NewReader(b), int64(len(b)), limits) }

// drain reads every token of a part.
func drain(p *Package, name string) (n int, err error) {
	d, err := p.XML(name)
	if err != nil {
		return 0, err
	}
	defer d.Close()
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return n, nil
		} else if err != nil {
			return n, err
		}
		n++
	}
}

func TestWriteAndRead(t *testing.T) {
	write := func() []byte {
		var b bytes.Buffer
		w := NewWriter(&b)
		if err := errors.Join(w.Relate("", Link{"r1", "officeDocument", "a/b.xml"}), w.Put("a/b.xml", "text/x", "<x>1 &amp; 2</x>"),
			w.Relate("a/b.xml", Link{"r1", "styles", "s.xml"}, Link{"r2", "http://x/y/other", "/c.xml"}, Link{"r3", "up", "../../../etc/x"}), w.Close()); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	b := write()
	if !bytes.Equal(b, write()) {
		t.Error("equal content, other bytes")
	}
	p, err := openBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	root, err := p.Relationships("")
	if err != nil || Related(root, "officeDocument") != "a/b.xml" || Related(root, "styles") != "" {
		t.Errorf("%+v %v", root, err)
	}
	rels, err := p.Relationships("a/b.xml")
	if err != nil || len(rels) != 3 || rels[0].Part != "a/s.xml" || rels[1].Part != "c.xml" || rels[1].Type != "other" || rels[2].Part != "etc/x" {
		t.Errorf("%+v %v", rels, err)
	}
	if none, err := p.Relationships("c.xml"); none != nil || err != nil {
		t.Errorf("%v %v", none, err)
	}
	if !p.Has("/A/B.XML") || p.Has("b.xml") {
		t.Error("names are compared without regard to case, and whole")
	}
	d, err := p.XML("a/b.xml")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for {
		tok, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := tok.(xml.StartElement); ok {
			break
		}
	}
	if s, err := d.Text(10); s != "1 & 2" || err != nil {
		t.Errorf("%q %v", s, err)
	}
	if _, err := p.XML("none.xml"); !errors.Is(err, ErrNoPart) {
		t.Error(err)
	}
}

func TestBounds(t *testing.T) {
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{
		"no zip":    {[]byte("hello"), ErrFormat},
		"entries":   {pack(t, make([]part, 11)...), ErrTooLarge},
		"two alike": {pack(t, part{"a", ""}, part{"A", ""}), ErrFormat},
		"ratio":     {pack(t, part{"a", strings.Repeat("x", 2<<20)}), ErrTooLarge},
		"file":      {make([]byte, 5<<20), ErrTooLarge},
		"unpacked":  {pack(t, part{"a", strings.Repeat("x", 9<<20)}), ErrTooLarge},
	} {
		if _, err := openBytes(c.b); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Entries that share their bytes, as in the bombs that go past any ratio.
	big := pack(t, part{"a", strings.Repeat("hello ", 100_000)}, part{"b", ""}, part{"c", ""})
	first := bytes.Index(big, []byte("PK\x01\x02"))
	for at, n := first, 0; n < 3; n++ {
		copy(big[at+16:at+28], big[first+16:first+28])
		copy(big[at+42:at+46], big[first+42:first+46])
		if next := bytes.Index(big[at+4:], []byte("PK\x01\x02")); next >= 0 {
			at += 4 + next
		}
	}
	if p, err := openBytes(big); err == nil {
		_, err = p.Open("b")
		t.Errorf("entries that overlap were opened: %v", err)
	}
	for name, c := range map[string]struct {
		content string
		want    error
	}{
		"sound":           {"<a><b>x</b></a>", nil},
		"cut":             {"<a><b>x</b>", ErrFormat},
		"wrong end":       {"<a></b>", ErrFormat},
		"doctype":         {"<!DOCTYPE a><a/>", ErrFormat},
		"entity":          {"<a>&x;</a>", ErrFormat},
		"billion laughs":  {`<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;">]><a>&y;</a>`, ErrFormat},
		"external entity": {`<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>`, ErrFormat},
		"text":            {"<a>" + strings.Repeat("x", 1001) + "</a>", ErrTooLarge},
		"attribute":       {`<a b="` + strings.Repeat("x", 1001) + `"/>`, ErrTooLarge},
		"comment":         {"<a><!--" + strings.Repeat("x", 1001) + "--></a>", ErrTooLarge},
		"depth":           {strings.Repeat("<a>", 9) + strings.Repeat("</a>", 9), ErrTooLarge},
		"other encoding":  {`<?xml version="1.0" encoding="utf-7"?><a/>`, ErrFormat},
	} {
		p, err := openBytes(pack(t, part{"a.xml", c.content}))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := drain(p, "a.xml"); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestTail(t *testing.T) {
	for in, want := range map[string]string{
		"<w><sheetData><c>1</c></sheetData><m r='1'/></w>":                              "m",
		"<x:w><x:sheetData>" + strings.Repeat("<c>", 3) + "</x:sheetData ><x:m/></x:w>": "m",
		"<w><sheetData/><m/></w>": "",
		"<w>" + strings.Repeat("long text ", 20_000) + "</sheetData><m/></w>": "m",
		"</" + strings.Repeat("x", 100_000) + "><a></sheetData><m/></w>":      "m",
		"": "",
	} {
		p, err := openBytes(pack(t, part{"a.xml", in}))
		if err != nil {
			t.Fatal(err)
		}
		d, err := p.Tail("a.xml", "sheetData")
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for {
			tok, err := d.Token()
			if err != nil {
				break
			}
			if e, ok := tok.(xml.StartElement); ok {
				got += e.Name.Local
			}
		}
		if got != want {
			t.Errorf("%.40s: %q, want %q", in, got, want)
		}
		d.Close()
	}
}

func FuzzPackage(f *testing.F) {
	f.Add(pack(f, part{"_rels/.rels", `<Relationships><Relationship Id="a" Type="x/officeDocument" Target="/a.xml"/></Relationships>`}, part{"a.xml", "<a b='c'>x<d/></a>"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := openBytes(b)
		for _, read := range []func() error{
			func() error { _, err := p.Relationships(""); return err },
			func() error { _, err := drain(p, "a.xml"); return err },
			func() error {
				d, err := p.Tail("a.xml", "a")
				if err == nil {
					_, err = d.Token()
					d.Close()
				}
				return err
			},
		} {
			if err == nil {
				err = read()
			}
			if err != nil && !errors.Is(err, ErrFormat) && !errors.Is(err, ErrTooLarge) && !errors.Is(err, ErrEncrypted) && !errors.Is(err, ErrNoPart) && !errors.Is(err, io.EOF) {
				t.Fatalf("an error of no known kind: %v", err)
			}
		}
	})
}
