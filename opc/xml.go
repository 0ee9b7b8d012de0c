package opc

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// A Decoder gives the XML tokens of one part, names with their namespaces. Memory is bounded by the token and depth limits.
type Decoder struct {
	x      *xml.Decoder
	r      *guard
	c      io.Closer
	name   string
	depth  int
	limits Limits
	raw    bool // without nesting and namespaces
}

// XML opens a part for reading its tokens. The caller closes it.
func (p *Package) XML(name string) (*Decoder, error) {
	r, err := p.Open(name)
	if err != nil {
		return nil, err
	}
	g := &guard{r: bufio.NewReaderSize(r, 32<<10), most: p.limits.Token}
	return &Decoder{x: xml.NewDecoder(g), r: g, c: r, name: name, limits: p.limits}, nil
}

// Close ends reading.
func (d *Decoder) Close() error { return d.c.Close() }

// Token gives the next token; its bytes are good until the next call. At the end it returns io.EOF, but only when every element
// was closed: a part cut short is an error that wraps ErrFormat, never a short part.
func (d *Decoder) Token() (xml.Token, error) {
	d.r.read = 0
	read := d.x.Token
	if d.raw {
		read = d.x.RawToken
	}
	t, err := read()
	if err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, ErrTooLarge) || errors.Is(err, ErrFormat) {
			return nil, err
		}
		return nil, fmt.Errorf("%w: %.80q: %w", ErrFormat, d.name, err)
	}
	switch t.(type) {
	case xml.StartElement:
		if d.depth++; !d.raw && d.depth > d.limits.Depth {
			return nil, fmt.Errorf("%w: %.80q nests deeper than %d elements", ErrTooLarge, d.name, d.limits.Depth)
		}
	case xml.EndElement:
		d.depth--
	case xml.Directive:
		return nil, fmt.Errorf("%w: %.80q has a DOCTYPE, which office files do not", ErrFormat, d.name)
	}
	return t, nil
}

// Skip reads up to the end of the element whose start was the last token.
func (d *Decoder) Skip() error {
	for open := 1; open > 0; {
		t, err := d.Token()
		if err != nil {
			return noEnd(err)
		}
		switch t.(type) {
		case xml.StartElement:
			open++
		case xml.EndElement:
			open--
		}
	}
	return nil
}

func noEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: it ends in the middle", ErrFormat)
	}
	return err
}

// guard counts the bytes since the last token. It is a ByteReader, so that encoding/xml puts no buffer of its own before it.
type guard struct {
	r    *bufio.Reader
	read int
	most int
}

func (g *guard) ReadByte() (byte, error) {
	if g.read++; g.read > g.most {
		return 0, fmt.Errorf("%w: more than %d bytes without a tag", ErrTooLarge, g.most)
	}
	return g.r.ReadByte()
}

func (g *guard) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	c, err := g.ReadByte()
	if err != nil {
		return 0, err
	}
	b[0] = c
	return 1, nil
}

// A Relationship leads from one part to another.
type Relationship struct {
	ID   string
	Type string // the last element of the type's URI, as "worksheet": transitional and strict files differ in what is before it
	Part string // name of the part, without leading slash; "" when the target is outside the package
}

// maxRelationships of one part: a workbook has one per sheet, a text one per picture and link.
const maxRelationships = 10_000

// Relationships of a part, of the package itself for "". A part without any has none; that is no error.
func (p *Package) Relationships(part string) ([]Relationship, error) {
	dir, file := path.Split(part)
	name := path.Join(dir, "_rels", file+".rels")
	if !p.Has(name) {
		return nil, nil
	}
	d, err := p.XML(name)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	var out []Relationship
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		e, ok := t.(xml.StartElement)
		if !ok || e.Name.Local != "Relationship" {
			continue
		}
		if len(out) == maxRelationships {
			return nil, fmt.Errorf("%w: more than %d relationships", ErrTooLarge, maxRelationships)
		}
		r := Relationship{ID: Attr(e, "Id"), Type: path.Base(Attr(e, "Type"))}
		if Attr(e, "TargetMode") != "External" {
			r.Part = target(dir, Attr(e, "Target"))
		}
		out = append(out, r)
	}
}

// target is a relationship's target as a part's name; it cannot leave the package, whose parts are a map.
func target(dir, to string) string {
	if !strings.HasPrefix(to, "/") {
		to = path.Join("/", dir, to)
	}
	return strings.TrimPrefix(path.Clean(to), "/")
}

// Related gives the part of the first relationship of that type, "" when there is none.
func Related(list []Relationship, kind string) string {
	i := slices.IndexFunc(list, func(r Relationship) bool { return r.Type == kind && r.Part != "" })
	if i < 0 {
		return ""
	}
	return list[i].Part
}

// Attr gives an attribute by its local name, "" when it is not there. One without namespace goes before one with.
func Attr(e xml.StartElement, local string) string {
	found := ""
	for _, a := range e.Attr {
		if a.Name.Local == local {
			if a.Name.Space == "" {
				return a.Value
			}
			found = a.Value
		}
	}
	return found
}

// Tail gives the tokens of a part after the end tag of an element, without decoding what is before: a worksheet says after its
// cells which of them are merged. Names have their prefixes for namespaces, and a part that ends early is not noticed. Without
// such an end tag there are no tokens. The caller closes it.
func (p *Package) Tail(name, element string) (*Decoder, error) {
	r, err := p.Open(name)
	if err != nil {
		return nil, err
	}
	b := bufio.NewReaderSize(r, 32<<10)
	d := &Decoder{r: &guard{r: b, most: p.limits.Token}, c: r, name: name, limits: p.limits, raw: true}
	d.x = xml.NewDecoder(d.r)
	for {
		_, err := b.ReadSlice('<')
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if errors.Is(err, io.EOF) {
			return d, nil
		}
		if err != nil {
			r.Close()
			return nil, err
		}
		if tag, err := b.Peek(1); err != nil || tag[0] != '/' {
			continue
		}
		tag, err := b.ReadSlice('>')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) && !errors.Is(err, io.EOF) {
			r.Close()
			return nil, err
		}
		_, local, prefixed := strings.Cut(strings.TrimRight(string(tag[1:]), "> \t\r\n"), ":")
		if !prefixed {
			local = strings.TrimRight(string(tag[1:]), "> \t\r\n")
		}
		if local == element {
			return d, nil
		}
	}
}

// Text reads the text inside the element whose start was the last token, up to and with its end; elements within are left out.
// Past most bytes it fails with ErrTooLarge.
func (d *Decoder) Text(most int) (string, error) {
	var b strings.Builder
	for open := 1; open > 0; {
		t, err := d.Token()
		if err != nil {
			return "", noEnd(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			open++
		case xml.EndElement:
			open--
		case xml.CharData:
			if open > 1 {
				continue
			}
			if b.Len()+len(t) > most {
				return "", fmt.Errorf("%w: a text of more than %d bytes", ErrTooLarge, most)
			}
			b.Write(t)
		}
	}
	return b.String(), nil
}
