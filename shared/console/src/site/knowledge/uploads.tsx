import { Button, FormFileUpload } from '@wordpress/components';
import { useMemo, useState } from '@wordpress/element';
import { __, _n, sprintf } from '@wordpress/i18n';
import type { Upload } from '../../../../contract/src/uploads.ts';
import { asApiError, useClient } from '../../client.ts';
import { formatMoment, formatNumber } from '../../format.ts';
import { type Column, PagedList } from '../../paged-list.tsx';
import { Done, NotAllowed, Problem } from '../../parts.tsx';
import { translated } from '../../translated.ts';
import { useAction } from '../../use-action.ts';
import { typeOf, whyNot } from './upload-files.ts';

/** Files that the owner gives the assistant to read, and how the reading went. */
export function Uploads() {
  const { request, may } = useClient();
  const { act, isBusy, error, said, clear } = useAction();
  const [version, setVersion] = useState(0);
  const [sending, setSending] = useState('');
  const [refused, setRefused] = useState<string[]>([]);
  const mayChange = may('manager');

  const send = async (files: File[]) => {
    const failed: string[] = [];
    setRefused([]);
    await act(async () => {
      for (const [index, file] of files.entries()) {
        setSending(
          sprintf(
            /* translators: 1: number of this file, 2: number of files, 3: name of the file */
            __('Sending file %1$s of %2$s: %3$s', 'confab'),
            formatNumber(index + 1),
            formatNumber(files.length),
            file.name,
          ),
        );
        const fault = whyNot(file) ?? (await sendOne(file));
        if (fault) failed.push(`${file.name}: ${fault}`);
      }
    });
    setSending('');
    setRefused(failed);
    setVersion(number => number + 1);
  };

  /** Sends one; gives why it was not taken, where it was not. The others go on all the same. */
  const sendOne = async (file: File): Promise<string | undefined> => {
    try {
      const body = new Blob([file], { type: typeOf(file.name) ?? '' });
      await request('POST', '/uploads', { query: { name: file.name.slice(-200) }, body });
      return undefined;
    } catch (problem) {
      return asApiError(problem).message;
    }
  };

  const columns: Column<Upload>[] = useMemo(
    () => [
      {
        id: 'name',
        label: __('File', 'confab'),
        minWidth: 160,
        show: ({ name, bytes }) => (
          <span className="confab-lines">
            <strong dir="auto">{name}</strong>
            <span>
              {sprintf(
                /* translators: %s: size of a file, in kilobytes */ __('%s kB', 'confab'),
                formatNumber(Math.ceil(bytes / 1024)),
              )}
            </span>
          </span>
        ),
      },
      { id: 'createdAt', label: __('Sent', 'confab'), show: ({ createdAt }) => formatMoment(createdAt) },
      { id: 'status', label: __('State', 'confab'), minWidth: 220, show: upload => <State upload={upload} /> },
      ...(mayChange
        ? [
            {
              id: 'actions',
              label: __('What to do', 'confab'),
              show: ({ uploadId, name }: Upload) => (
                <Button
                  variant="link"
                  isDestructive
                  onClick={async () => {
                    const done = __('The file is out of the knowledge.', 'confab');
                    await act(() => request('DELETE', `/uploads/${uploadId}`), done);
                    setVersion(number => number + 1);
                  }}
                >
                  {__('Remove', 'confab')} <span className="screen-reader-text">{name}</span>
                </Button>
              ),
            },
          ]
        : []),
    ],
    [mayChange, act, request],
  );

  return (
    <PagedList<Upload>
      path="/uploads"
      title={__('Files', 'confab')}
      intro={__('PDF, plain text or Markdown, up to 20 MB each. What is in them is quoted to visitors.', 'confab')}
      filters={
        <>
          {error && <Problem error={error} />}
          <Done said={said} onRemove={clear} />
          {refused.length > 0 && (
            <Problem
              error={{
                code: 'refused',
                status: 400,
                message: `${__('Not taken:', 'confab')} ${refused.join(' · ')}`,
              }}
            />
          )}
          {mayChange ? (
            <p className="confab-actions">
              <FormFileUpload
                accept=".pdf,.txt,.md,.markdown,application/pdf,text/plain,text/markdown"
                multiple
                onChange={event => {
                  const files = [...(event.currentTarget.files ?? [])];
                  // The same file may be chosen again after it was put right.
                  event.currentTarget.value = '';
                  if (files.length > 0) void send(files);
                }}
                render={({ openFileDialog }) => (
                  <Button variant="secondary" __next40pxDefaultSize disabled={isBusy} onClick={openFileDialog}>
                    {__('Choose files', 'confab')}
                  </Button>
                )}
              />
              <span role="status">{sending}</span>
              {sending && <progress aria-label={sending} />}
            </p>
          ) : (
            <NotAllowed needs="manager" />
          )}
        </>
      }
      empty={__('No file has been sent yet.', 'confab')}
      columns={columns}
      idOf={({ uploadId }) => uploadId}
      version={version}
      changesSoon={({ status }) => status === 'pending'}
    />
  );
}

function State({ upload: { status, fault, documents } }: { upload: Upload }) {
  if (status === 'pending') return <>{__('Being read…', 'confab')}</>;
  if (status === 'failed') {
    return <span className="confab-error">{fault ? translated(fault.message) : __('Not read', 'confab')}</span>;
  }
  return (
    <>
      {sprintf(
        /* translators: %s: a number */
        _n('Known, as %s document', 'Known, as %s documents', documents, 'confab'),
        formatNumber(documents),
      )}
    </>
  );
}
