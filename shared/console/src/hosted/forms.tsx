import { Button, Notice, TextControl } from '@wordpress/components';
import { createContext, useContext, useEffect, useId, useRef, useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import type { ComponentProps, FormEvent, ReactNode } from 'react';
import { type ApiError, asApiError, type FieldError } from '../client.ts';
import { PLAN_LIMIT, PlanLimit } from '../parts.tsx';
import { wordsOf } from './words.ts';

const ErrorsContext = createContext<FieldError[]>([]);

/** A form that is sent once at a time, says what was wrong with it, and keeps what was typed. */
export function Form({
  submit,
  action,
  isDestructive = false,
  isDisabled = false,
  more,
  children,
}: {
  submit: () => Promise<unknown>;
  /** What the button says. */
  action: string;
  isDestructive?: boolean;
  isDisabled?: boolean;
  /** Beside the button. */
  more?: ReactNode;
  children?: ReactNode;
}) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const isThere = useRef(true);
  useEffect(() => {
    isThere.current = true;
    return () => {
      isThere.current = false;
    };
  }, []);

  async function send(event: FormEvent) {
    event.preventDefault();
    if (isBusy || isDisabled) return;
    setBusy(true);
    setError(undefined);
    try {
      await submit();
    } catch (problem) {
      if (isThere.current) setError(asApiError(problem));
    } finally {
      if (isThere.current) setBusy(false);
    }
  }

  return (
    <form className="confab-form" onSubmit={send}>
      {error && <Refusal error={error} />}
      <ErrorsContext.Provider value={error?.errors ?? []}>{children}</ErrorsContext.Provider>
      <div className="confab-actions">
        <Button
          variant="primary"
          __next40pxDefaultSize
          type="submit"
          isBusy={isBusy}
          disabled={isBusy || isDisabled}
          accessibleWhenDisabled
          isDestructive={isDestructive}
        >
          {action}
        </Button>
        {more}
      </div>
    </form>
  );
}

/** What went wrong, where the keyboard is led to as soon as it appears. */
export function Refusal({ error }: { error: ApiError }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => place.current?.focus(), [error]);
  return (
    <div ref={place} tabIndex={-1} role="alert" className="confab-refusal">
      <Notice status="error" isDismissible={false} spokenMessage={null}>
        {error.errors && error.errors.length > 0 ? (
          __('Please look at the fields that are marked.', 'confab')
        ) : error.code === PLAN_LIMIT ? (
          <PlanLimit />
        ) : (
          wordsOf(error)
        )}
      </Notice>
    </div>
  );
}

type FieldProps = Omit<ComponentProps<typeof TextControl>, 'value' | 'onChange'> & {
  /** As the relay names it. */
  name: string;
  value: string;
  onChange: (value: string) => void;
};

/** A field, with what the relay found wrong with it. */
export function Field({ name, help, ...more }: FieldProps) {
  const fault = useContext(ErrorsContext).find(({ path }) => path.replace(/^body\./, '') === name);
  const id = useId();
  return (
    <div className="confab-field">
      <TextControl
        __next40pxDefaultSize
        __nextHasNoMarginBottom
        id={id}
        name={name}
        help={help}
        {...more}
        {...(fault && { 'aria-invalid': true, 'aria-describedby': `${id}-fault` })}
      />
      {fault && (
        <span className="confab-error" id={`${id}-fault`}>
          {fault.message}
        </span>
      )}
    </div>
  );
}

/** A password, which can be looked at while it is typed. */
export function PasswordField(props: Omit<FieldProps, 'type'>) {
  const [isShown, setShown] = useState(false);
  return (
    <div className="confab-password">
      <Field {...props} type={isShown ? 'text' : 'password'} autoCapitalize="none" spellCheck={false} required />
      <Button variant="link" onClick={() => setShown(!isShown)}>
        {isShown ? __('Hide password', 'confab') : __('Show password', 'confab')}
      </Button>
    </div>
  );
}

/** A password that is being chosen. */
export function NewPasswordField(props: Pick<FieldProps, 'label' | 'value' | 'onChange'>) {
  const help = __('At least 10 characters. A few words that belong together only for you are best.', 'confab');
  return <PasswordField name="password" help={help} autoComplete="new-password" {...props} />;
}

/** What somebody is called. */
export function NameField(props: Pick<FieldProps, 'value' | 'onChange'>) {
  return (
    <Field
      name="name"
      label={__('Your name', 'confab')}
      help={__('Visitors see it when you write to them.', 'confab')}
      autoComplete="name"
      maxLength={120}
      required
      {...props}
    />
  );
}
