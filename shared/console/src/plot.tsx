import { Button } from '@wordpress/components';
import { useEffect, useId, useRef, useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import type { KeyboardEvent, PointerEvent } from 'react';
import { pageLocale } from './format.ts';
import { dayAt, isAlone, labelled, lineThrough, ticksTo, walked } from './plot-scale.ts';
import './plot.css';

/** What is plotted: one value for each day, and none where there was nothing to measure. */
export type Series = { label: string; values: (number | null)[] };

type Numbers = {
  /** Such as 2026-11-30, oldest first, without a gap. */
  days: string[];
  /** One as bars, two as lines. */
  series: Series[];
  format: (value: number) => string;
  /** Whether there are no halves of it. */
  isWhole?: boolean;
  /** Where the axis ends, if not at the most there was. */
  most?: number;
  /** A line also of one: what is a share has no height of its own. */
  isLine?: boolean;
};

const HEIGHT = 190;
const TOP = 10;
const BOTTOM = 26;
const OUTER = 26;
const CHARACTER = 7.5;
const DAY_LABEL = 62;

/**
 * Values over days, as a plot and as the table behind it. The plot is walked through day by day with the arrow keys, and a
 * screen reader says each one.
 */
export function Plot({ title, total, ...numbers }: { title: string; total: string } & Numbers) {
  const [isTable, setTable] = useState(false);
  const heading = useId();
  return (
    <section className="confab-plot" aria-labelledby={heading}>
      <header>
        <h3 id={heading}>{title}</h3>
        <p className="confab-total">{total}</p>
        <Button
          variant="tertiary"
          size="compact"
          className="confab-plot-toggle"
          aria-pressed={isTable}
          onClick={() => setTable(!isTable)}
        >
          {__('Table', 'confab')}
          <span className="screen-reader-text">
            {sprintf(/* translators: %s: what is plotted */ __('(%s)', 'confab'), title)}
          </span>
        </Button>
      </header>
      {isTable ? <Table title={title} {...numbers} /> : <Drawing title={title} {...numbers} />}
    </section>
  );
}

function Table({ title, days, series, format }: { title: string } & Numbers) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a long table must be scrolled by keyboard, too
    <section className="confab-plot-table" aria-label={title} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{__('Day', 'confab')}</th>
            {series.map(({ label }) => (
              <th key={label} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {days.map((day, index) => (
            <tr key={day}>
              <th scope="row">{dayInWords(day, 'medium')}</th>
              {series.map(({ label, values }) => (
                <td key={label}>{written(values[index], format)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Drawing({
  title,
  days,
  series,
  format,
  isWhole = true,
  most,
  isLine = series.length > 1,
}: { title: string } & Numbers) {
  const box = useRef<HTMLDivElement>(null);
  const { width, isRtl } = useSpace(box);
  const [at, setAt] = useState<number>();
  const last = days.length - 1;
  const ticks = ticksTo(most ?? Math.max(0, ...series.flatMap(({ values }) => values.map(value => value ?? 0))), {
    isWhole,
  });
  const axis = Math.max(...ticks.map(tick => format(tick).length)) * CHARACTER + 14;
  const inner = Math.max(1, width - axis - OUTER);
  const floor = HEIGHT - BOTTOM;
  const step = inner / Math.max(1, days.length);
  /** The page's own direction is that of the time. */
  const across = (offset: number) => (isRtl ? width - axis - offset : axis + offset);
  const xOf = (index: number) => across((index + 0.5) * step);
  const yOf = (value: number) => floor - (value / (ticks.at(-1) ?? 1)) * (floor - TOP);

  const walk = (event: KeyboardEvent) => {
    const to = walked(event.key, at ?? last, last, isRtl);
    if (to === null) setAt(undefined);
    else if (to !== undefined) {
      event.preventDefault();
      setAt(to);
    }
  };
  const point = (event: PointerEvent<HTMLElement>) => {
    const { left } = event.currentTarget.getBoundingClientRect();
    const x = event.clientX - left;
    setAt(dayAt(isRtl ? width - axis - x : x - axis, inner, days.length));
  };
  const told = (index: number) =>
    `${dayInWords(days[index] ?? '', 'medium')}: ${series
      .map(({ label, values }) => `${label} ${written(values[index], format)}`)
      .join(', ')}`;

  return (
    <>
      <div
        ref={box}
        className="confab-drawing"
        role="slider"
        tabIndex={0}
        aria-label={sprintf(/* translators: %s: what is plotted */ __('%s, day by day', 'confab'), title)}
        aria-valuemin={0}
        aria-valuemax={last}
        aria-valuenow={at ?? last}
        aria-valuetext={told(at ?? last)}
        onKeyDown={walk}
        onFocus={event => event.currentTarget.matches(':focus-visible') && setAt(at ?? last)}
        onBlur={() => setAt(undefined)}
        onPointerMove={point}
        onPointerDown={point}
        onPointerLeave={() => setAt(undefined)}
      >
        {width > 0 && (
          <svg width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} aria-hidden="true">
            {ticks.map(tick => (
              <g key={tick}>
                <line className="confab-grid" x1={across(0)} x2={across(inner)} y1={yOf(tick)} y2={yOf(tick)} />
                <text x={across(-8)} y={yOf(tick) + 4} textAnchor={isRtl ? 'start' : 'end'}>
                  {format(tick)}
                </text>
              </g>
            ))}
            {labelled(days.length, Math.floor(inner / DAY_LABEL)).map(index => (
              <text key={index} x={xOf(index)} y={HEIGHT - 8} textAnchor="middle">
                {dayInWords(days[index] ?? '', 'axis')}
              </text>
            ))}
            {at !== undefined && <line className="confab-at" x1={xOf(at)} x2={xOf(at)} y1={TOP} y2={floor} />}
            {series.map(({ label, values }, place) => (
              <g key={label} className={`confab-series-${place + 1}`}>
                {isLine
                  ? lines({ values, xOf, yOf })
                  : values.map((value, index) =>
                      value ? (
                        <rect
                          // the days are in order, and there is one bar for each
                          key={days[index]}
                          className={index === at ? 'is-at' : undefined}
                          x={xOf(index) - (step * 0.7) / 2}
                          width={step * 0.7}
                          y={yOf(value)}
                          height={Math.max(1, floor - yOf(value))}
                        />
                      ) : null,
                    )}
                {isLine && at !== undefined && typeof values[at] === 'number' && (
                  <circle cx={xOf(at)} cy={yOf(values[at])} r={4.5} />
                )}
              </g>
            ))}
          </svg>
        )}
        {at !== undefined && width > 0 && (
          <div
            className="confab-tip"
            aria-hidden="true"
            style={{ left: Math.min(Math.max(xOf(at), 80), Math.max(80, width - 80)) }}
          >
            <strong>{dayInWords(days[at] ?? '', 'medium')}</strong>
            {series.map(({ label, values }) => (
              <span key={label}>
                {label}: {written(values[at], format)}
              </span>
            ))}
          </div>
        )}
      </div>
      {series.length > 1 && (
        <ul className="confab-legend">
          {series.map(({ label }, place) => (
            <li key={label}>
              <svg width="28" height="10" aria-hidden="true" className={`confab-series-${place + 1}`}>
                <path d="M1 5L27 5" />
              </svg>
              {label}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

type Placing = { values: (number | null)[]; xOf: (index: number) => number; yOf: (value: number) => number };

/** The line, and a dot for each value that has no neighbour to draw one to. */
function lines({ values, xOf, yOf }: Placing) {
  const points = values.map((value, index) => (value === null ? null : { x: xOf(index), y: yOf(value) }));
  return (
    <>
      <path d={lineThrough(points)} />
      {points.map((point, index) =>
        point && isAlone(values, index) ? <circle key={point.x} cx={point.x} cy={point.y} r={3} /> : null,
      )}
    </>
  );
}

/** How wide the plot may be, and which way the page is read. */
function useSpace(box: { current: HTMLElement | null }) {
  const [space, setSpace] = useState({ width: 0, isRtl: false });
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      setSpace({ width, isRtl: getComputedStyle(element).direction === 'rtl' });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return space;
}

const written = (value: number | null | undefined, format: (value: number) => string) =>
  value === null || value === undefined ? '–' : format(value);

/** The relay's days have no time zone of their own. */
function dayInWords(day: string, length: 'axis' | 'medium'): string {
  const options: Intl.DateTimeFormatOptions =
    length === 'axis' ? { day: 'numeric', month: 'short' } : { dateStyle: 'medium' };
  return new Intl.DateTimeFormat(pageLocale(), { ...options, timeZone: 'UTC' }).format(new Date(`${day}T00:00:00Z`));
}
