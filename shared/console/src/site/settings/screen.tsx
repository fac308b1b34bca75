import { SettingsScreen, useSettings } from './settings.tsx';

/** The settings as a screen of their own. */
export default function Settings() {
  return <SettingsScreen settings={useSettings(true)} />;
}
