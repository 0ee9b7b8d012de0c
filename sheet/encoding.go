package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// An Encoding of a text file; "" where it is to be found.
type Encoding string

const (
	UTF8        Encoding = "utf-8"
	UTF16LE     Encoding = "utf-16le"
	UTF16BE     Encoding = "utf-16be"
	Windows1252 Encoding = "windows-1252"
	Latin1      Encoding = "iso-8859-1"
)

// Found is what was found out about a text file, or was stated.
//
// The encoding: what the options state; else what a byte order mark says; else UTF-8 when the whole file is valid UTF-8; else
// Windows-1252 when a byte from 80 to 9F occurs, where ISO 8859-1 has no letters; else ISO 8859-1. UTF-16 without a mark is not
// guessed: the file is refused until the encoding is stated.
//
// The separator: what the options state; else what a first line "sep=;" says; else, of , ; tab and |, the one that cuts the most
// of the first lines into the same number of cells, more than one.
type Found struct {
	Encoding  Encoding
	Mark      bool // the file starts with a byte order mark
	Stated    bool // the encoding was stated, not found
	Separator rune
	macLines  bool // lines end in CR alone
	sepLine   bool // the first line is "sep=…"
}

// marks of the encodings that have one.
var marks = []struct {
	mark []byte
	enc  Encoding
}{{[]byte("\xef\xbb\xbf"), UTF8}, {[]byte("\xff\xfe"), UTF16LE}, {[]byte("\xfe\xff"), UTF16BE}}

// findEncoding reads the whole file once, through one buffer.
func findEncoding(file io.ReaderAt, size int64, stated Encoding) (Found, error) {
	f := Found{Encoding: stated, Stated: stated != ""}
	head := make([]byte, 3)
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return f, fmt.Errorf("reading the start of the file: %w", err)
	}
	for _, m := range marks {
		if bytes.HasPrefix(head[:n], m.mark) && (stated == "" || stated == m.enc) {
			f.Encoding, f.Mark = m.enc, true
			return f, nil
		}
	}
	if f.Stated {
		if decoders[stated] == nil {
			return f, fault(UnknownEncoding, 0, "the encoding %.30q is not known: use utf-8, utf-16le, utf-16be, windows-1252 or iso-8859-1", stated)
		}
		return f, nil
	}
	valid, c1 := true, false
	r := io.NewSectionReader(file, 0, size)
	buf := make([]byte, 64<<10)
	kept := 0 // bytes of a character that the last read cut
	for {
		n, err := io.ReadFull(r, buf[kept:])
		chunk := buf[:kept+n]
		end := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !end {
			return f, fmt.Errorf("reading the file: %w", err)
		}
		for _, b := range chunk[kept:] {
			if b < ' ' && b != '\t' && b != '\n' && b != '\r' && b != '\f' && b != 0x1a {
				return f, fault(UnknownEncoding, 0, "it holds bytes that no text has (%#02x): state the encoding, or save it as .xlsx", b)
			}
			c1 = c1 || b >= 0x80 && b < 0xa0
		}
		cut := 0
		if !end {
			cut = cutCharacter(chunk)
		}
		valid = valid && utf8.Valid(chunk[:len(chunk)-cut])
		if end {
			break
		}
		kept = copy(buf, chunk[len(chunk)-cut:])
	}
	switch {
	case valid:
		f.Encoding = UTF8
	case c1:
		f.Encoding = Windows1252
	default:
		f.Encoding = Latin1
	}
	return f, nil
}

// cutCharacter counts the bytes at the end of b that start a character and do not end it.
func cutCharacter(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if c := b[len(b)-n]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}

// decoders to UTF-8; a mark at the start is dropped, and UTF-8 that is none is an error.
var decoders = map[Encoding]func() transform.Transformer{
	UTF8: func() transform.Transformer {
		return transform.Chain(encoding.UTF8Validator, unicode.UTF8BOM.NewDecoder())
	},
	UTF16LE:     func() transform.Transformer { return utf16Decoder(unicode.LittleEndian) },
	UTF16BE:     func() transform.Transformer { return utf16Decoder(unicode.BigEndian) },
	Windows1252: func() transform.Transformer { return charmap.Windows1252.NewDecoder() },
	Latin1:      func() transform.Transformer { return charmap.ISO8859_1.NewDecoder() },
}

func utf16Decoder(e unicode.Endianness) transform.Transformer {
	return transform.Chain(unicode.UTF16(e, unicode.IgnoreBOM).NewDecoder(), unicode.UTF8BOM.NewDecoder())
}

// text reads the file as UTF-8 without mark, its lines ending in LF or CRLF.
func (b *Book) text() io.Reader {
	var r io.Reader = transform.NewReader(io.NewSectionReader(b.file, 0, b.size), decoders[b.Found.Encoding]())
	if b.Found.macLines {
		r = macReader{r}
	}
	return r
}

// macReader ends lines with LF where the file has CR.
type macReader struct{ r io.Reader }

func (m macReader) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	for i, c := range p[:n] {
		if c == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}
